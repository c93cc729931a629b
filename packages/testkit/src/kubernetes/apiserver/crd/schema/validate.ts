import type { SchemaProblems } from "./schema-problems.ts";

/** Tells what is wrong with a value; `problems.path` is where it is. */
export type Validate = (value: unknown, problems: SchemaProblems) => void;
