import type { WireError } from "../base/errors.ts";

/** Environment variable with the JSON of `ResolvedNodeOptions`: how a node's process learns what it is. */
export const nodeOptionsVariable = "MANTA_NODE_OPTIONS";

/** Descriptor on which a node's process says one line of JSON about its start. */
export const readyFd = 3;

/** That line. */
export type NodeReady =
  | {
      readonly kind: "ready";
      readonly agentPort: number;
      /** Whether the node's own control store leads. */
      readonly leads: boolean;
      /** Where the leading one is, `tcp:host:port`. */
      readonly leader: string;
    }
  | { readonly kind: "failed"; readonly error: WireError };
