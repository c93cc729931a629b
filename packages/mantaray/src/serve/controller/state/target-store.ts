import type { Clock } from "../../../base/clock.ts";
import { MantaError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { controllerLimits } from "../limits.ts";
import type { Effects } from "../loop/effects.ts";
import type { ControllerGcs } from "../ports.ts";
import { checkpointNamespace, decodeCheckpoint, encodeCheckpoint, stateKey } from "./checkpoint.ts";
import { emptyTargetState, type TargetState } from "./target-state.ts";

/** What the store is made of. */
export interface TargetStoreDeps {
  readonly gcs: Pick<ControllerGcs, "kvPut" | "kvGet" | "kvDelete">;
  readonly clock: Clock;
  readonly log: Log;
  readonly effects: Effects;
  readonly onChanged: () => void;
}

/**
 * The target state in memory and in the control store. What people ask for is written before it counts
 * (`commit`); what the controller itself finds out, such as a status, counts at once and is written soon
 * after (`patch`): losing it costs nothing but finding it out again.
 */
export class TargetStore {
  readonly #deps: TargetStoreDeps;
  #state: TargetState = emptyTargetState;
  /** What the control store has; undefined: not known, after a write that broke. */
  #written: TargetState | undefined = emptyTargetState;
  /** The bytes of `#written`; null: none were ever written. */
  #bytes: Uint8Array | null = null;
  /** Writes happen one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #patchUnderWay = false;
  #retryAtMs = 0;

  constructor(deps: TargetStoreDeps) {
    this.#deps = deps;
  }

  get state(): TargetState {
    return this.#state;
  }

  /** Reads what an earlier controller wrote; false: nothing was. Throws when it cannot be read. */
  async load(): Promise<boolean> {
    const { value } = await this.#deps.gcs.kvGet(
      { namespace: checkpointNamespace, key: stateKey },
      { timeoutMs: controllerLimits.callTimeoutMs },
    );
    if (value !== null) this.#state = decodeCheckpoint(value);
    this.#written = this.#state;
    this.#bytes = value;
    return value !== null;
  }

  /** Compares with what the control store has; what it lost is written again soon. True when it had lost it. */
  async verify(): Promise<boolean> {
    let lost = false;
    await this.#inTurn(async () => {
      if (this.#written === undefined || this.#bytes === null) return;
      const { value } = await this.#deps.gcs.kvGet(
        { namespace: checkpointNamespace, key: stateKey },
        { timeoutMs: controllerLimits.callTimeoutMs },
      );
      lost = value === null || !Buffer.from(this.#bytes).equals(value);
      if (!lost) return;
      this.#deps.log.warn(
        { found: value?.byteLength ?? 0 },
        "the control store has lost the checkpoint: written again",
      );
      this.#written = undefined;
      this.#deps.onChanged();
    });
    return lost;
  }

  /** Changes the state once it is written. Rejects, and changes nothing, when it cannot be. `change` must be pure: it may run twice. */
  async commit(change: (state: TargetState) => TargetState): Promise<void> {
    await this.#inTurn(async () => {
      const before = this.#state;
      const next = change(before);
      if (next === before) return;
      await this.#write(next);
      // A patch may have come in between: changed too, and written in its turn.
      this.#state = this.#state === before ? next : change(this.#state);
      this.#deps.onChanged();
    });
  }

  /** Changes the state now; it is written by the next `run`. */
  patch(change: (state: TargetState) => TargetState): void {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    this.#deps.onChanged();
  }

  /** Writes what was patched. Returns when to look again though nothing happens, or null. */
  run(): number | null {
    const { clock, effects } = this.#deps;
    if (this.#state === this.#written || this.#patchUnderWay) return null;
    if (clock.nowMs() < this.#retryAtMs) return this.#retryAtMs;
    this.#patchUnderWay = true;
    effects.start({
      what: "write the checkpoint",
      run: () =>
        this.#inTurn(async () => {
          if (this.#state !== this.#written) await this.#write(this.#state);
        }),
      done: () => {
        this.#patchUnderWay = false;
      },
      failed: () => {
        this.#patchUnderWay = false;
        this.#retryAtMs = clock.nowMs() + controllerLimits.retryMaxMs;
      },
    });
    return null;
  }

  /** Forgets everything, for a shutdown that is complete. */
  async erase(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#deps.gcs.kvDelete(
        { namespace: checkpointNamespace, key: stateKey },
        { timeoutMs: controllerLimits.callTimeoutMs },
      );
      this.#state = emptyTargetState;
      this.#written = emptyTargetState;
      this.#bytes = null;
    });
  }

  async #write(state: TargetState): Promise<void> {
    const value = encodeCheckpoint(state);
    const before = this.#written;
    // Until the answer is there nobody knows which of the two the control store has.
    this.#written = undefined;
    try {
      await this.#deps.gcs.kvPut(
        { namespace: checkpointNamespace, key: stateKey, value, overwrite: true },
        { timeoutMs: controllerLimits.callTimeoutMs },
      );
    } catch (error) {
      if (isRefusal(MantaError.from(error))) this.#written = before;
      else this.#deps.onChanged();
      throw error;
    }
    this.#written = state;
    this.#bytes = value;
  }

  #inTurn(job: () => Promise<void>): Promise<void> {
    const turn = this.#tail.then(job);
    // The next in line starts whatever became of this one; its caller hears of a failure.
    this.#tail = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

/** The control store has answered, and it did not write. */
const isRefusal = (error: MantaError): boolean => !error.retryable && error.code !== "deadline_exceeded";
