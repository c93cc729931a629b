import { MantaError } from "../../base/errors.ts";

/** The two halves of an import path. */
export interface ImportPath {
  /** Module with dots or slashes, e.g. `pkg.fruit`. */
  readonly module: string;
  /** Name of the export. */
  readonly exportName: string;
}

/** Whether `text` is `module:export` (one colon, not at an end) or `module.export` (a dot, not at an end). */
export const isImportPath = (text: string): boolean => split(text) !== undefined;

/** Splits `pkg.mod:attr` or `pkg.mod.attr`. Throws `invalid_config` for anything else. */
export const parseImportPath = (text: string): ImportPath => {
  const parts = split(text);
  if (parts === undefined) {
    throw new MantaError(
      "invalid_config",
      `import_path: must look like "module:export" or "module.export", got ${JSON.stringify(text)}`,
    );
  }
  return parts;
};

const split = (text: string): ImportPath | undefined => {
  const pieces = text.split(":");
  if (pieces.length > 2) return undefined;
  const at = pieces.length === 2 ? text.indexOf(":") : text.lastIndexOf(".");
  if (at <= 0 || at === text.length - 1) return undefined;
  return { module: text.slice(0, at), exportName: text.slice(at + 1) };
};
