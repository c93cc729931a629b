import { pathToFileURL } from "node:url";
import { MantaError } from "../../base/errors.ts";
import { type ApplicationGraph, buildApplication, extractGraph } from "../api/graph.ts";

/** Where an application's code is. */
export interface ApplicationSource {
  /** File of the bundle. */
  readonly path: string;
  readonly exportName: string;
  readonly builderArgs: Readonly<Record<string, unknown>>;
}

/** Imports a bundle and finds its application. What the code throws passes through; `build_failed` for a missing export. */
export const loadApplication = async (source: ApplicationSource): Promise<ApplicationGraph> => {
  const loaded = (await import(pathToFileURL(source.path).href)) as Record<string, unknown>;
  if (!Object.hasOwn(loaded, source.exportName)) {
    const names = Object.keys(loaded).join(", ");
    throw new MantaError("build_failed", `the bundle has no export ${source.exportName} (it has: ${names})`);
  }
  return extractGraph(await buildApplication(loaded[source.exportName], source.exportName, source.builderArgs));
};
