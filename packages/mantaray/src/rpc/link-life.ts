import { rpcLimits } from "./limits.ts";

/** What the life of a link is told by, and does. */
export interface LifeHost {
  ping(): void;
  onSuspectChange(suspect: boolean): void;
  onCut(): void;
}

/**
 * Whether the peer still talks. Whatever comes is a sign of life; a link on which nothing comes is asked with a PING.
 *
 * V1 Unanswered for `suspectAfterMs`: suspect. A busy or stopped peer is suspect too, so this ends nothing.
 * V2 Cut only when, for `cutAfterMs`, not even the peer's kernel has acknowledged: the network or the machine is away.
 * V3 Time is counted in beats of this process: while it stood still itself, nobody was silent.
 */
export class LinkLife {
  /** Set with each read: all that the hot path pays. */
  heard = true;
  suspect = false;
  /** Silent, and its kernel acknowledges nothing: what it said last may be lost. */
  unreachable = false;
  readonly #host: LifeHost;
  #silentBeats = 0;
  /** Beats since the first unanswered PING; -1: none was sent. */
  #waitedBeats = -1;

  constructor(host: LifeHost) {
    this.#host = host;
  }

  /** `unreachable` looks at what the kernel knows. */
  beat(unreachable: () => boolean): void {
    if (this.heard) {
      this.#onHeard();
      return;
    }
    this.#silentBeats += 1;
    if (this.#waitedBeats < 0) {
      if (this.#silentBeats < pingBeats) return;
      this.#waitedBeats = 0;
      this.#host.ping();
      return;
    }
    this.#waitedBeats += 1;
    if (this.#waitedBeats % suspectBeats === 0) this.#onUnanswered(unreachable());
  }

  #onHeard(): void {
    this.heard = false;
    this.#silentBeats = 0;
    this.#waitedBeats = -1;
    this.unreachable = false;
    if (!this.suspect) return;
    this.suspect = false;
    this.#host.onSuspectChange(false);
  }

  #onUnanswered(unreachable: boolean): void {
    this.unreachable = unreachable;
    if (unreachable && this.#waitedBeats >= cutBeats) {
      this.#host.onCut();
      return;
    }
    // Again: were the last one acknowledged, the kernel would know nothing of a network that was cut since.
    this.#host.ping();
    if (this.suspect) return;
    this.suspect = true;
    this.#host.onSuspectChange(true);
  }
}

const beatsIn = (ms: number): number => Math.ceil(ms / rpcLimits.pulseMs);
const pingBeats = beatsIn(rpcLimits.pingAfterMs);
const suspectBeats = beatsIn(rpcLimits.suspectAfterMs);
const cutBeats = beatsIn(rpcLimits.cutAfterMs);
