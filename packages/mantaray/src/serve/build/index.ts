/**
 * The build of an application: finds its module, bundles it with everything it imports into one
 * content-addressed file, and imports that in a process of its own to learn its deployments.
 */
export type { BuilderDeps, BuiltApplication } from "./builder.ts";
export { Builder, searchPathsOf } from "./builder.ts";
