let second = -1;
let text = "";

/** Now as the `date` field has it; made once a second. */
export const httpDate = (): string => {
  const now = Math.floor(Date.now() / 1_000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1_000).toUTCString();
  }
  return text;
};
