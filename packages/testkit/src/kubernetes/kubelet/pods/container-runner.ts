import type { ContainerStatus } from "kubernetes-types/core/v1.d.ts";
import { apiTime, type KubeletClock, pause } from "../clock.ts";
import { ContainerConfigError } from "../env/container-env.ts";
import type { EventText } from "../events.ts";
import { kubeletLimits } from "../limits.ts";
import { messageOf } from "../log.ts";
import type { Ended, Sandbox } from "../sandbox/sandbox.ts";
import type { ContainerSpec } from "../types.ts";
import type { RestartBackoff } from "./backoff.ts";
import { ContainerEnding } from "./container-ending.ts";
import { ContainerLog } from "./container-log.ts";
import { ContainerProbes } from "./container-probes.ts";
import { execInSandbox } from "./exec-in-sandbox.ts";
import { type ProbeResult, performProbe } from "./perform-probe.ts";

/** A container's image is not known here. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** How its pod treats a container that ended. */
export type RestartPolicy = "Always" | "OnFailure" | "Never";

/** What a container needs of its pod. */
export interface ContainerDeps {
  readonly spec: ContainerSpec;
  readonly restartPolicy: RestartPolicy;
  readonly clock: KubeletClock;
  readonly backoff: RestartBackoff;
  readonly podIp: string;
  /** For messages: `name_namespace(uid)`. */
  readonly podLabel: string;
  /** The pod's; for a container that is ended by a probe. */
  readonly graceMs: number;
  readonly logFile: (restart: number) => string;
  /** Starts the program. Rejects with `ImageError`, `ContainerConfigError` or what the sandbox says. */
  readonly launch: () => Promise<Sandbox>;
  readonly event: (event: EventText) => void;
  /** The status is another. */
  readonly onChange: () => void;
}

/** Keeps one container of a pod as its pod wants it: starts, probes, restarts and stops it. */
export class ContainerRunner {
  readonly #deps: ContainerDeps;
  readonly #done: Promise<void>;
  readonly #stopping = new AbortController();
  #status: ContainerStatus;
  #sandbox: Sandbox | undefined;
  #log: ContainerLog | undefined;
  #probes: ContainerProbes | undefined;
  #ending: ContainerEnding | undefined;
  /** What is left for an end that was asked for while the program was being started. */
  #stopGraceMs = 0;
  #isKilled = false;

  /** `earlier`: its status from before the kubelet started, if any. */
  constructor(deps: ContainerDeps, earlier: ContainerStatus | undefined) {
    this.#deps = deps;
    const last = earlier?.state?.running ? lostState(earlier, deps.clock) : (earlier?.state?.terminated ?? undefined);
    const ranBefore = last !== undefined || earlier?.lastState?.terminated !== undefined;
    this.#status = {
      ...waitingStatus(deps.spec),
      restartCount: (earlier?.restartCount ?? 0) + (ranBefore ? 1 : 0),
      ...(last === undefined ? {} : { lastState: { terminated: last } }),
    };
    this.#done = this.#run();
  }

  get name(): string {
    return this.#deps.spec.name;
  }

  get spec(): ContainerSpec {
    return this.#deps.spec;
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  /** While it runs. */
  get sandbox(): Sandbox | undefined {
    return this.#sandbox;
  }

  get log(): ContainerLog | undefined {
    return this.#log;
  }

  /** Where the log of the run before this one is. */
  get previousLogFile(): string | undefined {
    const { restartCount } = this.#status;
    return restartCount === 0 ? undefined : this.#deps.logFile(restartCount - 1);
  }

  /** Resolves when it has ended and will not start again. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Ends it for good: preStop, SIGTERM, and SIGKILL after the grace. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#stopping.signal.aborted && this.#sandbox !== undefined)
      this.#deps.event(this.#normal("Killing", `Stopping container ${this.name}`));
    this.#stopping.abort();
    this.#stopGraceMs = graceMs;
    this.#probes?.stopLiveness();
    this.#end(graceMs);
    await this.#done;
  }

  /** While it is being stopped: less patience. */
  hasten(graceMs: number): void {
    this.#ending?.hasten(graceMs);
  }

  /** SIGKILL, without another word. */
  kill(): void {
    this.#stopping.abort();
    this.#isKilled = true;
    this.#sandbox?.signal("SIGKILL");
  }

  /** To the program; when it ends by it, a restart follows the policy. */
  signal(signal: NodeJS.Signals): void {
    this.#sandbox?.signal(signal);
  }

  async #run(): Promise<void> {
    const { clock, backoff, restartPolicy } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      const startedMs = clock.nowMs();
      const sandbox = await this.#start();
      if (sandbox === undefined) continue;
      const ended = await this.#runProgram(sandbox);
      const again = restartPolicy === "Always" || (restartPolicy === "OnFailure" && ended.exitCode !== 0);
      if (!again || this.#stopping.signal.aborted) break;
      await this.#waitForRestart(backoff.next(clock.nowMs() - startedMs));
      if (this.#stopping.signal.aborted) break;
      const { terminated } = this.#status.state ?? {};
      this.#update({
        restartCount: this.#status.restartCount + 1,
        ...(terminated === undefined ? {} : { lastState: { terminated } }),
      });
    }
  }

  /** Undefined: it could not be started, and a while has passed. */
  async #start(): Promise<Sandbox | undefined> {
    const { clock, spec, event, launch } = this.#deps;
    try {
      const sandbox = await launch();
      event(this.#normal("Pulled", `Container image ${JSON.stringify(spec.image)} already present on machine`));
      event(this.#normal("Created", `Created container: ${spec.name}`));
      return sandbox;
    } catch (error) {
      const message = messageOf(error);
      const reason =
        error instanceof ImageError
          ? this.#status.state?.waiting?.reason === "ErrImagePull"
            ? "ImagePullBackOff"
            : "ErrImagePull"
          : error instanceof ContainerConfigError
            ? "CreateContainerConfigError"
            : "CreateContainerError";
      event({ type: "Warning", reason: "Failed", message: `Error: ${message}`, fieldPath: this.#fieldPath });
      this.#update({ state: { waiting: { reason, message } } });
      const delayMs = error instanceof ImageError ? kubeletLimits.retryMaxMs : kubeletLimits.retryMs;
      await pause(clock, delayMs, this.#stopping.signal);
      return undefined;
    }
  }

  async #runProgram(sandbox: Sandbox): Promise<Ended> {
    const { clock, spec, event, logFile } = this.#deps;
    const log = new ContainerLog(logFile(this.#status.restartCount));
    this.#log = log;
    this.#sandbox = sandbox;
    for (const stream of ["stdout", "stderr"] as const) {
      sandbox[stream].on("data", (chunk: Buffer) => log.write(stream, chunk, new Date(clock.wallMs())));
    }
    sandbox.flow();
    const startedAt = apiTime(clock.wallMs());
    const containerID = `local://${crypto.randomUUID().replaceAll("-", "")}`;
    this.#update({ state: { running: { startedAt } }, containerID, imageID: `local://${spec.image ?? ""}` });
    event(this.#normal("Started", `Started container ${spec.name}`));
    if (this.#isKilled) sandbox.signal("SIGKILL");
    else if (this.#stopping.signal.aborted) this.#end(this.#stopGraceMs);
    await this.#postStart(sandbox);
    if (!sandbox.isEnded) this.#startProbes(sandbox);
    const ended = await sandbox.ended;
    this.#probes?.stop();
    this.#probes = undefined;
    this.#ending?.cancel();
    this.#ending = undefined;
    this.#sandbox = undefined;
    log.close(new Date(clock.wallMs()));
    const reason = ended.startError === undefined ? (ended.exitCode === 0 ? "Completed" : "Error") : "StartError";
    this.#update({
      ready: false,
      started: false,
      state: {
        terminated: {
          exitCode: ended.exitCode,
          reason,
          ...(ended.startError === undefined ? {} : { message: ended.startError }),
          startedAt,
          finishedAt: apiTime(clock.wallMs()),
          containerID,
        },
      },
    });
    return ended;
  }

  #startProbes(sandbox: Sandbox): void {
    const { spec, clock, event } = this.#deps;
    this.#probes = new ContainerProbes({
      container: spec,
      clock,
      perform: (action, timeoutMs) => this.#perform(sandbox, action, timeoutMs),
      onUnhealthy: (kind, message) =>
        event({
          type: "Warning",
          reason: "Unhealthy",
          message: `${kind} probe failed: ${message}`,
          fieldPath: this.#fieldPath,
        }),
      onState: ({ started, ready }) => this.#update({ started, ready }),
      onKill: (kind, graceMs) => {
        event(this.#normal("Killing", `Container ${spec.name} failed ${kind} probe, will be restarted`));
        this.#end(graceMs ?? this.#deps.graceMs);
      },
    });
  }

  async #postStart(sandbox: Sandbox): Promise<void> {
    const hook = this.#deps.spec.lifecycle?.postStart;
    if (hook === undefined) return;
    const result = await this.#hook(sandbox, hook, new AbortController().signal);
    if (result.success || sandbox.isEnded) return;
    const { event } = this.#deps;
    event({ type: "Warning", reason: "FailedPostStartHook", message: result.message, fieldPath: this.#fieldPath });
    event(this.#normal("Killing", "FailedPostStartHook"));
    this.#end(this.#deps.graceMs);
  }

  #end(graceMs: number): void {
    const sandbox = this.#sandbox;
    if (sandbox === undefined) return;
    if (this.#ending !== undefined) {
      this.#ending.hasten(graceMs);
      return;
    }
    const { clock, spec, event } = this.#deps;
    const preStop = spec.lifecycle?.preStop;
    this.#ending = new ContainerEnding({
      clock,
      graceMs,
      signal: (signal) => sandbox.signal(signal),
      hook:
        preStop === undefined
          ? undefined
          : async (signal) => {
              const result = await this.#hook(sandbox, preStop, signal);
              if (result.success) return;
              event({
                type: "Warning",
                reason: "FailedPreStopHook",
                message: result.message,
                fieldPath: this.#fieldPath,
              });
            },
    });
  }

  async #hook(
    sandbox: Sandbox,
    hook: NonNullable<NonNullable<ContainerSpec["lifecycle"]>["preStop"]>,
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    if (hook.sleep !== undefined) {
      await pause(this.#deps.clock, hook.sleep.seconds * 1_000, signal);
      return { success: true, message: "" };
    }
    const stopped = new Promise<ProbeResult>((resolve) => {
      signal.addEventListener("abort", () => resolve({ success: false, message: "the grace period is over" }), {
        once: true,
      });
    });
    return Promise.race([this.#perform(sandbox, hook, 2 ** 31 - 1), stopped]);
  }

  #perform(sandbox: Sandbox, action: Parameters<typeof performProbe>[0], timeoutMs: number): Promise<ProbeResult> {
    const { spec, podIp } = this.#deps;
    return performProbe(action, spec, podIp, timeoutMs, (argv, ms) => execInSandbox(sandbox, argv, ms));
  }

  async #waitForRestart(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    const { clock, podLabel, event } = this.#deps;
    const { terminated } = this.#status.state ?? {};
    const message = `back-off ${delayMs / 1_000}s restarting failed container=${this.name} pod=${podLabel}`;
    event({
      type: "Warning",
      reason: "BackOff",
      message: `Back-off restarting failed container ${this.name} in pod ${podLabel}`,
      fieldPath: this.#fieldPath,
    });
    this.#update({
      state: { waiting: { reason: "CrashLoopBackOff", message } },
      ...(terminated === undefined ? {} : { lastState: { terminated } }),
    });
    await pause(clock, delayMs, this.#stopping.signal);
    // Told to end while it waited: it stays what it was.
    if (this.#stopping.signal.aborted && terminated !== undefined) this.#update({ state: { terminated } });
  }

  get #fieldPath(): string {
    return `spec.containers{${this.name}}`;
  }

  #normal(reason: string, message: string): EventText {
    return { type: "Normal", reason, message, fieldPath: this.#fieldPath };
  }

  #update(change: Partial<ContainerStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#deps.onChange();
  }
}

const waitingStatus = (spec: ContainerSpec): ContainerStatus => ({
  name: spec.name,
  image: spec.image ?? "",
  imageID: "",
  ready: false,
  started: false,
  restartCount: 0,
  state: { waiting: { reason: "ContainerCreating" } },
  lastState: {},
});

/** It ran under a kubelet that is gone, and ended with it. */
const lostState = (
  earlier: ContainerStatus,
  clock: KubeletClock,
): NonNullable<NonNullable<ContainerStatus["lastState"]>["terminated"]> => ({
  exitCode: 137,
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
  finishedAt: apiTime(clock.wallMs()),
  ...(earlier.containerID === undefined ? {} : { containerID: earlier.containerID }),
});
