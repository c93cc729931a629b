import { z } from "zod";

/** What the build process is told: one line of JSON on its standard input, which stays open as its life line. */
export const buildInputSchema = z.object({
  importPath: z.string(),
  args: z.record(z.string(), z.unknown()),
  /** Folders in which the module is looked for, in order. */
  searchPaths: z.array(z.string()).min(1),
  /** Where the bundle goes, as `<bundleId>.mjs`. */
  outDir: z.string(),
  /** Bundles whose graph the asker knows already: their code is not imported again. */
  knownBundleIds: z.array(z.string()),
});
export type BuildInput = z.infer<typeof buildInputSchema>;

export const builtDeploymentSchema = z.object({
  name: z.string(),
  options: z.record(z.string(), z.unknown()),
  outbound: z.array(z.string()),
});

/** Answer of the build process: JSON on file descriptor 3, so that what the code prints cannot damage it. */
export const buildAnswerSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("built"),
    bundleId: z.string(),
    path: z.string(),
    ingress: z.string(),
    deployments: z.array(builtDeploymentSchema),
  }),
  /** The bundle is one of `knownBundleIds`. */
  z.object({ kind: z.literal("unchanged"), bundleId: z.string(), path: z.string() }),
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);
export type BuildAnswer = z.infer<typeof buildAnswerSchema>;

/** File descriptor of the answer. */
export const answerFd = 3;
