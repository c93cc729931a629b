import { z } from "zod";
import { nearestName } from "./nearest-name.ts";

/**
 * Building blocks of the config schemas. Each one says what it must be in one text, which the error
 * formatter completes with the path in front and the value behind.
 */
const numberRule = (text: string, holds: (value: number) => boolean): z.ZodNumber => {
  const error = `must be ${text}`;
  return z.number({ error }).refine(holds, { error });
};

export const positiveInt: z.ZodNumber = numberRule("a whole number above 0", (n) => Number.isInteger(n) && n > 0);
export const naturalInt: z.ZodNumber = numberRule("a whole number, 0 or more", (n) => Number.isInteger(n) && n >= 0);
export const nonNegative: z.ZodNumber = numberRule("a number, 0 or more", (n) => n >= 0);
export const positive: z.ZodNumber = numberRule("a number above 0", (n) => n > 0);
export const port: z.ZodNumber = numberRule(
  "a port from 1 to 65535",
  (n) => Number.isInteger(n) && n > 0 && n < 65_536,
);
export const intBetween = (low: number, high: number): z.ZodNumber =>
  numberRule(`a whole number from ${low} to ${high}`, (n) => Number.isInteger(n) && n >= low && n <= high);
export const numberBetween = (low: number, high: number): z.ZodNumber =>
  numberRule(`a number from ${low} to ${high}`, (n) => n >= low && n <= high);
/** A share of the whole: above 0, at most 1. */
export const fraction: z.ZodNumber = numberRule("a number above 0, at most 1", (n) => n > 0 && n <= 1);

export const text: z.ZodString = z.string({ error: "must be a text" });
export const nonEmptyText: z.ZodString = z
  .string({ error: "must be a text that is not empty" })
  .min(1, { error: "must be a text that is not empty" });
export const flag: z.ZodBoolean = z.boolean({ error: "must be true or false" });

/** One of the named values. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodEnum<{ [Value in Values[number]]: Value }> =>
  z.enum(values, { error: `must be one of ${values.map((value) => JSON.stringify(value)).join(", ")}` });

/** A map of JSON values. */
export const jsonMap: z.ZodRecord<z.ZodString, z.ZodUnknown> = z.record(z.string(), z.unknown(), {
  error: "must be a map",
});

/** An object whose unknown keys are refused by name, with the nearest known one. */
export const closedObject = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> => {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => describeUnknownKey(key, known)).join("\n")
        : "must be a map",
  });
};

/** A field of the reference that is accepted only where it says nothing. */
export const notYet = (what: string): z.ZodOptional<z.ZodCustom<undefined | null>> =>
  z
    .custom<undefined | null>((value) => saysNothing(value), { error: `${what} is not supported yet: leave it unset` })
    .optional();

const saysNothing = (value: unknown): boolean => {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
};

/** One line an unknown key: the formatter puts the path in front of it. */
const describeUnknownKey = (key: string, known: readonly string[]): string => {
  const nearest = nearestName(key, known);
  return nearest === undefined
    ? `${key}: unknown key (known: ${known.toSorted().join(", ")})`
    : `${key}: unknown key, did you mean ${JSON.stringify(nearest)}?`;
};
