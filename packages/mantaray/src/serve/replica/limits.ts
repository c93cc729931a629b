import { limits } from "../../base/limits.ts";

/** Bounds of a replica, each with its reason. */
export const replicaLimits = {
  /** Arguments of one handle call, kept in memory until they are complete. */
  argumentBytesMax: limits.controlMessageBytesMax,
  /** The answer of one handle call, and each value of a streamed one. */
  valueBytesMax: limits.controlMessageBytesMax,
  /** Streamed values that wait for the loop that reads them before the stream is paused. */
  waitingValuesMax: 16,
  /** A streamed response whose end comes within the loop turn is sent as one frame if it is no longer than this. */
  gatheredBodyBytesMax: limits.dataFrameBytesMax,
  /** Header names remembered as checked: applications use a few dozen. */
  knownHeaderNamesMax: 512,
  /** Host names whose URL form is remembered: a deployment answers to a few. */
  knownHostsMax: 64,
  /** One message of a WebSocket, which is in memory as a whole. */
  webSocketMessageBytesMax: 16 * 1024 * 1024,
  /** The application's `shutdown` gets at least this long, however little of the grace is left. */
  shutdownHookMsMin: 1_000,
  /** Open router of a deployment that is called by handle closes its calls within this at shutdown. */
  routerCloseMs: 1_000,
} as const;
