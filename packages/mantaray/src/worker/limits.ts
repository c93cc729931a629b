/** Limits of a worker process, each with its reason. */
export const workerLimits = {
  /** The agent's socket is there before its workers are started: longer means that the agent is gone. */
  agentDialTimeoutMs: 20_000,
  /** Between registration and the preloading of actor modules: an order that waits already goes first. */
  preloadDelayMs: 20,
  /** After the agent has died: what is in flight may finish, but nothing supervises us any more. */
  orphanGraceMs: 3_000,
  /** Beyond a grace: whoever does not finish in time is left behind. */
  shutdownSlackMs: 400,
  /** Last frames of inbound links get this long to reach the kernel. */
  linkDrainMs: 250,
  /** The agent opens a socket at once, and its channel is as fast as a link. */
  socketTimeoutMs: 5_000,
  /** Arguments of one call of a user's actor. */
  invokeBodyBytesMax: 64 * 1024 * 1024,
} as const;
