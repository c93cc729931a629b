import { readFileSync } from "node:fs";

/** The trimmed text of a small file; undefined when it is empty or not there. Other failures are thrown. */
export const readSmallFile = (path: string): string | undefined => {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? undefined : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};
