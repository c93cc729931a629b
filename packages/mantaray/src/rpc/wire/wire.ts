import type { Duplex } from "node:stream";
import type { KernelLook } from "./kernel-look.ts";

/**
 * A connected duplex socket, whichever kind. One file a kind makes them (`unix.ts`, `tcp.ts`, `memory.ts`);
 * encryption would be one more.
 */
export interface Wire {
  /** For writing, and for `end`, `close` and `error`. */
  readonly duplex: Duplex;
  /** Called with what was read: the bytes are valid only during the call. */
  onChunk: (chunk: Buffer) => void;
  /** Sends what is written already, then closes: at once where the kernel has it all. */
  close(): void;
  /** The other machine acknowledges nothing. Not known of every kind of wire. */
  unreachable?(look: KernelLook): boolean;
  /** Closes and forgets what is written: it shall not arrive once the network heals. */
  drop?(): void;
}
