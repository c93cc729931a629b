import type { Probe } from "kubernetes-types/core/v1.d.ts";
import type { KubeletClock } from "../clock.ts";
import type { ContainerSpec } from "../types.ts";
import type { ProbeResult } from "./perform-probe.ts";
import { ProbeLoop } from "./probe-loop.ts";

/** What the probes of a container need and tell. */
export interface ContainerProbesOptions {
  readonly container: ContainerSpec;
  readonly clock: KubeletClock;
  readonly perform: (probe: Probe, timeoutMs: number) => Promise<ProbeResult>;
  readonly onUnhealthy: (kind: "Liveness" | "Readiness" | "Startup", message: string) => void;
  readonly onState: (state: { readonly started: boolean; readonly ready: boolean }) => void;
  /** The container is to be ended (and its restart policy sees to the rest). */
  readonly onKill: (kind: "liveness" | "startup", graceMs: number | undefined) => void;
}

/** The probes of one run of a container: readiness and liveness begin when the startup probe has succeeded. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #loops = new Map<"startup" | "liveness" | "readiness", ProbeLoop>();
  #ready = false;
  #isEnding = false;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { startupProbe } = options.container;
    if (startupProbe === undefined) this.#started();
    else
      this.#loop("startup", "Startup", startupProbe, (success) => {
        this.#loops.get("startup")?.stop();
        if (success) this.#started();
        else this.#kill("startup", startupProbe);
      });
  }

  stop(): void {
    for (const loop of this.#loops.values()) loop.stop();
  }

  /** The container is ending: only its readiness still matters. */
  stopLiveness(): void {
    this.#isEnding = true;
    this.#loops.get("liveness")?.stop();
    this.#loops.get("startup")?.stop();
  }

  #started(): void {
    const { container, onState } = this.#options;
    const { livenessProbe, readinessProbe } = container;
    if (livenessProbe !== undefined)
      this.#loop("liveness", "Liveness", livenessProbe, (success) => {
        if (!success) this.#kill("liveness", livenessProbe);
      });
    if (readinessProbe !== undefined)
      this.#loop("readiness", "Readiness", readinessProbe, (success) => {
        if (success === this.#ready) return;
        this.#ready = success;
        onState({ started: true, ready: success });
      });
    this.#ready = readinessProbe === undefined;
    onState({ started: true, ready: this.#ready });
  }

  #kill(kind: "liveness" | "startup", probe: Probe): void {
    if (this.#isEnding) return;
    this.stopLiveness();
    const seconds = probe.terminationGracePeriodSeconds;
    this.#options.onKill(kind, seconds === undefined ? undefined : seconds * 1_000);
  }

  #loop(
    name: "startup" | "liveness" | "readiness",
    title: "Liveness" | "Readiness" | "Startup",
    probe: Probe,
    onVerdict: (success: boolean) => void,
  ): void {
    const { clock, perform, onUnhealthy } = this.#options;
    const loop = new ProbeLoop({
      probe,
      clock,
      perform: () => perform(probe, (probe.timeoutSeconds ?? 1) * 1_000),
      onFailure: (message) => onUnhealthy(title, message),
      onVerdict,
    });
    this.#loops.set(name, loop);
  }
}
