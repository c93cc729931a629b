import { statSync } from "node:fs";
import { join } from "node:path";
import { MantaError } from "../../base/errors.ts";

const extensions = ["ts", "mts", "tsx", "js", "mjs"] as const;

/** A module that was found. */
export interface FoundModule {
  readonly path: string;
  /** The search path it was found in. */
  readonly root: string;
}

/**
 * Finds `pkg.mod` or `pkg/mod` as `pkg/mod.ts`, `.mts`, `.tsx`, `.js`, `.mjs` or `pkg/mod/index.*`, in the
 * search paths in order. Throws `build_failed` that says what was looked for and where.
 */
export const findModule = (module: string, searchPaths: readonly string[]): FoundModule => {
  const stem = module.replaceAll(".", "/");
  for (const root of searchPaths) {
    for (const base of [stem, `${stem}/index`]) {
      for (const extension of extensions) {
        const path = join(root, `${base}.${extension}`);
        if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return { path, root };
      }
    }
  }
  const kinds = `{${extensions.join(",")}}`;
  throw new MantaError(
    "build_failed",
    `there is no module ${JSON.stringify(module)}: looked for ${stem}.${kinds} and ${stem}/index.${kinds} in ${searchPaths.join(", ")}`,
  );
};
