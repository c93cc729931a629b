import { createHash } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildFailure, build, type Message } from "esbuild";
import { MantaError } from "../../base/errors.ts";
import type { FoundModule } from "./find-module.ts";
import { buildLimits } from "./limits.ts";

/** A module and everything it imports, in one file. */
export interface Bundle {
  /** SHA-256 of the content, hex. */
  readonly bundleId: string;
  readonly content: Buffer;
  /** The same code with a source map that names the real files: for stacks in this process, never kept. */
  readonly localContent: string;
  readonly exports: readonly string[];
}

/**
 * What packages in CommonJS call for Node's own modules does not exist in a module. esbuild keeps the
 * name `require` for itself, so no code of the application can collide with it.
 */
const banner =
  'import { createRequire as __mantaCreateRequire } from "node:module"; const require = __mantaCreateRequire(import.meta.url);';

/**
 * Bundles a module. The same sources give the same bytes wherever they lie: every path in the bundle is
 * relative to the search path. Throws `build_failed` that names file, line and column of each error.
 */
export const bundleModule = async (module: FoundModule): Promise<Bundle> => {
  const outfile = join(module.root, "bundle.mjs");
  const result = await build({
    entryPoints: [module.path],
    absWorkingDir: module.root,
    outfile,
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    // Deployments are named after their classes: bundling must not rename them.
    keepNames: true,
    sourcemap: "external",
    sourcesContent: true,
    legalComments: "none",
    charset: "utf8",
    external: ["mantaray"],
    banner: { js: banner },
    metafile: true,
    logLevel: "silent",
  }).catch((error: unknown) => {
    throw bundleError(error, module.root);
  });
  const code = result.outputFiles.find((file) => file.path === outfile)?.text ?? "";
  const map = result.outputFiles.find((file) => file.path.endsWith(".map"))?.text ?? "{}";
  const content = Buffer.from(withMap(code, map), "utf8");
  if (content.byteLength > buildLimits.bundleBytesMax) {
    throw new MantaError(
      "build_failed",
      `the bundle of ${module.path} is ${content.byteLength} bytes, at most ${buildLimits.bundleBytesMax} are allowed`,
    );
  }
  const localMap = JSON.stringify({
    ...(JSON.parse(map) as object),
    sourceRoot: `${pathToFileURL(module.root).href}/`,
  });
  const output = Object.values(result.metafile.outputs).find((candidate) => candidate.entryPoint !== undefined);
  return {
    bundleId: createHash("sha256").update(content).digest("hex"),
    content,
    localContent: withMap(code, localMap),
    exports: output?.exports ?? [],
  };
};

const withMap = (code: string, map: string): string =>
  `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map, "utf8").toString("base64")}\n`;

const bundleError = (error: unknown, root: string): MantaError => {
  const messages = isBuildFailure(error) ? error.errors : [];
  if (messages.length === 0) return MantaError.from(error, "build_failed");
  const shown = messages.slice(0, buildLimits.errorsMax).map((message) => describe(message, root));
  if (messages.length > shown.length) shown.push(`… and ${messages.length - shown.length} more errors`);
  return new MantaError("build_failed", shown.join("\n"));
};

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);

const describe = (message: Message, root: string): string => {
  const text = explain(message.text);
  const { location } = message;
  if (location === null) return text;
  const where = `${join(root, location.file)}:${location.line}:${location.column + 1}`;
  return `${where}: ${text}\n    ${location.line} | ${location.lineText.trim()}`;
};

const explain = (text: string): string => {
  if (text.includes('No loader is configured for ".node" files')) {
    return `${text}. A native add-on cannot be put into a bundle: native modules are not supported yet`;
  }
  const missing = /^Could not resolve "([^"./][^"]*)"$/.exec(text);
  return missing === null ? text : `${text}: the package is not installed where the application is`;
};
