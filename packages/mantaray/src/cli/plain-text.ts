import { stripVTControlCharacters } from "node:util";

/** What is left of an escape sequence that was cut or hidden: every control character but line break and tab. */
const controls = /[^\P{Cc}\n\t]/gu;

/** Text from elsewhere without anything that a terminal would obey; line breaks and tabs stay. */
export const plainText = (text: string): string => stripVTControlCharacters(text).replace(controls, "");

/** The same for every string of a JSON value, keys included. */
export const plainValue = (value: unknown): unknown => {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [plainText(key), plainValue(item)]));
  }
  return value;
};
