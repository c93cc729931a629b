/**
 * The operator as one file for the image: packages/operator/dist/main.js, with a source map. It needs
 * no node_modules beside it, which keeps the image small and its start quick.
 */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const home = fileURLToPath(new URL("../../packages/operator/", import.meta.url));
const outfile = join(home, "dist", "main.js");

await build({
  entryPoints: [join(home, "src", "main.ts")],
  absWorkingDir: home,
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  sourcemap: "linked",
  logLevel: "warning",
  // Dependencies in CommonJS ask for Node's own modules, and for the name of their file.
  banner: {
    js: [
      'import { createRequire as mantaCreateRequire } from "node:module";',
      "const require = mantaCreateRequire(import.meta.url);",
      "const __filename = import.meta.filename;",
      "const __dirname = import.meta.dirname;",
    ].join("\n"),
  },
});
chmodSync(outfile, 0o755);
