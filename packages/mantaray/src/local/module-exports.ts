import { build } from "esbuild";
import { MantaError } from "../base/errors.ts";

/** Names tried first, in this order, where a module exports several things. */
const preferred = ["default", "app", "deployment_graph", "application"];

/** Which export of a module file `manta run FILE` deploys. Errors: `build_failed`, `invalid_argument` with the names there are. */
export const chooseExport = async (path: string): Promise<string> => {
  const names = await exportsOf(path);
  const found = preferred.find((name) => names.includes(name)) ?? (names.length === 1 ? names[0] : undefined);
  if (found !== undefined) return found;
  throw new MantaError(
    "invalid_argument",
    `${path} exports ${names.length === 0 ? "nothing" : names.join(", ")}: export the application as default, or run MODULE:EXPORT`,
  );
};

const exportsOf = async (path: string): Promise<string[]> => {
  try {
    const { metafile } = await build({
      entryPoints: [path],
      format: "esm",
      bundle: false,
      write: false,
      metafile: true,
      outdir: "out",
      logLevel: "silent",
    });
    return Object.values(metafile.outputs).flatMap((output) => output.exports);
  } catch (error) {
    throw new MantaError("build_failed", error instanceof Error ? error.message : String(error), { cause: error });
  }
};
