import type { Call } from "./call.ts";
import type { HeldBytes } from "./held-body.ts";
import type { OutboundRequest, RouterCounters } from "./outbound-request.ts";

/** What a `Call` needs of its router. */
export interface CallHost {
  readonly counters: RouterCounters;
  readonly heldBytes: HeldBytes;
  /** Time left, ms, at least 1; 0 for no deadline. */
  remainingMs(request: OutboundRequest): number;
  /** Sends a call that lost its replica to another, or puts it at the front of the queue. */
  place(call: Call): void;
  /** Calls `call.repeat()` as soon as the retry budget allows, or fails it. */
  awaitBudget(call: Call): void;
  /** The deadline of `call` has passed: fails it with the reason. */
  onDeadline(call: Call, nowMs: number): void;
  onDone(call: Call): void;
  /** A slot may be free: sends what waits. */
  onRoom(): void;
}
