import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseImportPath } from "../config/index.ts";
import type { BuildAnswer, BuildInput } from "./build-messages.ts";
import { bundleModule } from "./bundle-module.ts";
import { findModule } from "./find-module.ts";
import { inspectBundle } from "./inspect-bundle.ts";

/** The whole build, in the process made for it: find, bundle, import, list. Throws `build_failed`. */
export const buildFromSource = async (input: BuildInput): Promise<BuildAnswer> => {
  const { module, exportName } = parseImportPath(input.importPath);
  const bundle = await bundleModule(findModule(module, input.searchPaths));
  const { bundleId } = bundle;
  const path = join(input.outDir, `${bundleId}.mjs`);
  const isKnown = input.knownBundleIds.includes(bundleId);
  const graph = isKnown
    ? undefined
    : await inspectBundle(bundle, { exportName, args: input.args, outDir: input.outDir });
  // Whole or not at all: two builds of the same content may run at once.
  const partial = `${path}.${process.pid}.tmp`;
  await writeFile(partial, bundle.content, { mode: 0o600 });
  await rename(partial, path);
  return graph === undefined ? { kind: "unchanged", bundleId, path } : { kind: "built", bundleId, path, ...graph };
};
