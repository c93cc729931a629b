/** Local time as the reference's tools print it: `2022-10-04 21:06:33.678706`. */
export const localTimestamp = (wallMs: number): string => {
  const date = new Date(wallMs);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const micros = String(Math.floor((wallMs % 1000) * 1000)).padStart(6, "0");
  return `${day} ${time}.${micros}`;
};

const two = (value: number): string => String(value).padStart(2, "0");
