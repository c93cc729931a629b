/** Bounds of a build: it runs code that nobody here wrote. */
export const buildLimits = {
  /** Bundling takes a second; what lasts is the application's own import, such as a model it reads. */
  timeoutMs: 60_000,
  /** A bundle crosses the control store in one message of at most 64 MiB. */
  bundleBytesMax: 32 * 1024 * 1024,
  /** Answer of the build process. */
  resultBytesMax: 4 * 1024 * 1024,
  /** What the code prints while it is imported: the end of it is shown when it fails. */
  outputCharsMax: 4_000,
  /** Lines of a stack in a message. */
  stackLinesMax: 8,
  /** Errors of one bundling in a message. */
  errorsMax: 10,
  /** Graphs of earlier builds kept, so that an identical redeploy does not import the code again. */
  cachedGraphsMax: 64,
} as const;
