import { createHash } from "node:crypto";

/** Without vowels and what looks like them: no words by chance. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const hashLength = 10;

/** A short name for a value, the same for equal values whatever the order of their fields. */
export const shortHash = (value: unknown): string => {
  const digest = createHash("sha256").update(canonical(value)).digest();
  return Array.from(digest.subarray(0, hashLength), (byte) => alphabet[byte % alphabet.length]).join("");
};

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
