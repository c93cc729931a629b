import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MantaError } from "../../base/errors.ts";
import { buildApplication, extractGraph } from "../api/graph.ts";
import { nearestName } from "../config/index.ts";
import type { BuildAnswer } from "./build-messages.ts";
import type { Bundle } from "./bundle-module.ts";
import { describeThrown } from "./describe-thrown.ts";

type Graph = Pick<Extract<BuildAnswer, { kind: "built" }>, "ingress" | "deployments">;

/**
 * Imports a bundle in this process and finds the deployments of its application. Throws `build_failed`
 * for a missing or wrong export, and with the stack in the sources for what the code throws.
 */
export const inspectBundle = async (
  bundle: Bundle,
  request: { readonly exportName: string; readonly args: Readonly<Record<string, unknown>>; readonly outDir: string },
): Promise<Graph> => {
  const { exportName, args, outDir } = request;
  if (!bundle.exports.includes(exportName)) throw missingExport(exportName, bundle.exports);
  const path = join(outDir, `${bundle.bundleId}.${process.pid}.import.mjs`);
  await writeFile(path, bundle.localContent, { mode: 0o600 });
  try {
    const loaded = await load(path);
    const application = await make(loaded[exportName], exportName, args);
    const graph = extractGraph(application);
    return {
      ingress: graph.ingress,
      deployments: graph.nodes.map(({ name, options, handles }) => ({
        name,
        options: { ...options },
        outbound: [...handles],
      })),
    };
  } finally {
    await rm(path, { force: true });
  }
};

const load = async (path: string): Promise<Record<string, unknown>> => {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw new MantaError("build_failed", `the application failed when it was imported: ${describeThrown(error)}`);
  }
};

const make = async (
  exported: unknown,
  exportName: string,
  args: Readonly<Record<string, unknown>>,
): ReturnType<typeof buildApplication> => {
  try {
    return await buildApplication(exported, exportName, args);
  } catch (error) {
    const reason = MantaError.from(error, "user_error");
    if (reason.code === "build_failed") throw reason;
    throw new MantaError("build_failed", `builder ${exportName} failed: ${describeThrown(error)}`);
  }
};

const missingExport = (name: string, exports: readonly string[]): MantaError => {
  if (exports.length === 0)
    return new MantaError("build_failed", `the module has no export ${name}: it exports nothing`);
  const nearest = nearestName(name, exports);
  const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
  return new MantaError("build_failed", `the module has no export ${name} (it has: ${exports.join(", ")})${hint}`);
};
