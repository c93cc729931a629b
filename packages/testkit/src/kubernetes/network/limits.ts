/** Bounds of the network part, with their reasons. */
export const networkLimits = {
  /** Changes within this time are one update; names are to be right within 50 ms. */
  updateDelayMs: 5,
  /** A listener that could not open tries again: the port may be free then. */
  listenRetryMs: 1_000,
  /** Connections through one port of a Service; each costs two descriptors. */
  connectionsMax: 10_000,
  /** As a kernel takes to refuse; an endpoint that does not answer at all is given up. */
  connectMs: 10_000,
} as const;
