import { rpcLimits } from "./limits.ts";
import { KernelLook } from "./wire/kernel-look.ts";

/** What has a pulse: `beat` runs every `rpcLimits.pulseMs`. */
export interface Pulsed {
  beat(look: KernelLook): void;
}

/**
 * One timer for all links of a process: it runs while there are any and keeps no process alive. A beat comes after
 * the reads of its loop turn, and one that comes late counts once: what arrived or passed while this process itself
 * stood still is nobody's silence.
 */
export class Pulse {
  readonly #members = new Set<Pulsed>();
  #timer: NodeJS.Timeout | undefined;

  add(member: Pulsed): void {
    this.#members.add(member);
    this.#timer ??= setInterval(() => setImmediate(() => this.#beat()), rpcLimits.pulseMs).unref();
  }

  remove(member: Pulsed): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    const look = new KernelLook();
    for (const member of this.#members) member.beat(look);
  }
}

/** Stateless for those who use it: no configuration, no order of start. */
export const processPulse = new Pulse();
