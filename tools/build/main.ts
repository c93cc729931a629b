/**
 * `npm run build`: packages/mantaray/dist, which is what `npm ci` leaves behind, `npm start` runs and a
 * registry would get. Modules of one process are joined into a few files with source maps: a cluster on
 * a laptop is two dozen processes, and each starts in half the CPU time that way.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { actorModules, programs, publicApi } from "../../packages/mantaray/src/entrypoints.ts";

const home = fileURLToPath(new URL("../../packages/mantaray/", import.meta.url));
const source = join(home, "src");
const output = join(home, "dist");
/** Its time is the build's: the command line compares it with the sources'. */
const stamp = join(output, ".built");

const newestSourceMs = (): number =>
  Math.max(
    ...readdirSync(source, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs,
    ),
  );

const isFresh = (): boolean => (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newestSourceMs();

const bundle = async (): Promise<void> => {
  const entries = [
    ...Object.values(programs),
    ...Object.values(actorModules),
    publicApi,
    new URL("./testing.ts", publicApi),
  ];
  const { metafile } = await build({
    entryPoints: entries.map((url) => fileURLToPath(url)),
    absWorkingDir: home,
    outbase: source,
    outdir: output,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22",
    sourcemap: "linked",
    metafile: true,
    logLevel: "warning",
    // A native program, and a parser that is read as a file.
    external: ["esbuild", "undici", "msgpackr-extract"],
    // Dependencies in CommonJS ask for Node's own modules.
    banner: {
      js: 'import { createRequire as mantaCreateRequire } from "node:module"; const require = mantaCreateRequire(import.meta.url);',
    },
  });
  const made = new Set(Object.keys(metafile.outputs).map((path) => relative(output, join(home, path))));
  for (const name of readdirSync(output, { recursive: true }) as string[]) {
    if (/\.js(\.map)?$/.test(name) && !made.has(name)) rmSync(join(output, name));
  }
  writeFileSync(stamp, "");
};

if (!isFresh()) await bundle();
