import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ContainerStatus, PodStatus } from "kubernetes-types/core/v1.d.ts";
import { ApiError } from "../../api/api-error.ts";
import { resources } from "../../api/resources.ts";
import { apiTime, pause } from "../clock.ts";
import type { PodFacts } from "../env/field-value.ts";
import { kubeletLimits } from "../limits.ts";
import { messageOf } from "../log.ts";
import { writeEtcFiles } from "../sandbox/etc-files.ts";
import { type ContainerSpec, hasEnded, keyOf, namespaceOf, type Pod, uidOf } from "../types.ts";
import { VolumeError } from "../volumes/payload.ts";
import { PodVolumes } from "../volumes/pod-volumes.ts";
import { RestartBackoff } from "./backoff.ts";
import { ContainerRunner, type RestartPolicy } from "./container-runner.ts";
import { launchContainer } from "./launch-container.ts";
import type { PodDeps } from "./pod-deps.ts";
import { podStatus } from "./pod-status.ts";
import { StatusWriter } from "./status-writer.ts";

/** One pod on one node: brings it up, keeps it, writes its status, and ends it. */
export class PodWorker {
  readonly #deps: PodDeps;
  readonly #status: StatusWriter;
  readonly #ending = new AbortController();
  readonly #folder: string;
  readonly #startTime: string;
  readonly #runners = new Map<string, ContainerRunner>();
  readonly #earlier: PodStatus | undefined;
  #pod: Pod;
  #podIp: string | undefined;
  #volumes: PodVolumes | undefined;
  #isSandboxReady = false;
  #failure: { reason: string; message: string } | undefined;
  #termination: Promise<void> | undefined;
  #isKilled = false;
  /** It was ended, and its last status is written. */
  #isOver = false;
  /** Resolves when nothing of the pod is left. */
  readonly #done: Promise<void>;

  constructor(deps: PodDeps, pod: Pod) {
    this.#deps = deps;
    this.#pod = pod;
    this.#earlier = pod.status;
    this.#folder = join(deps.folders.pods, uidOf(pod));
    this.#startTime = pod.status?.startTime ?? apiTime(deps.clock.wallMs());
    this.#status = new StatusWriter(deps, () => this.#statusNow());
    this.#done = this.#run().catch((error: unknown) => deps.log.warn(`pod ${keyOf(pod)}: ${messageOf(error)}`));
  }

  get pod(): Pod {
    return this.#pod;
  }

  get podIp(): string | undefined {
    return this.#podIp;
  }

  get folder(): string {
    return this.#folder;
  }

  /** A container by name; without one the pod's default: the annotated or the first. */
  runner(name?: string): ContainerRunner | undefined {
    const wanted =
      name ??
      this.#pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"] ??
      this.#pod.spec.containers[0]?.name;
    return wanted === undefined ? undefined : this.#runners.get(wanted);
  }

  get runners(): readonly ContainerRunner[] {
    return [...this.#runners.values()];
  }

  /** Where the log of a container's run lies. */
  logFile(container: string, restart: number): string {
    return join(this.#folder, "logs", container, `${restart}.log`);
  }

  /** The API has another version of the pod. */
  update(pod: Pod): void {
    const isNews = pod.metadata.deletionTimestamp !== undefined && this.#pod.metadata.deletionTimestamp === undefined;
    this.#pod = pod;
    // It has ended already, by itself: its object only waits for this word.
    if (isNews && this.#isOver) void this.#deleteObject();
    else if (pod.metadata.deletionTimestamp !== undefined)
      this.end((pod.metadata.deletionGracePeriodSeconds ?? kubeletLimits.graceSeconds) * 1_000);
    // A readiness gate may have opened.
    else if (this.#isSandboxReady) this.#status.changed();
  }

  /** Ends the pod, and then its object where that waits for it. Called again it can only be faster. */
  end(graceMs: number): void {
    if (this.#termination === undefined) this.#termination = this.#terminate(graceMs);
    else for (const runner of this.#runners.values()) runner.hasten(graceMs);
  }

  /** Its object is gone. Resolves when the pod has ended and its files are removed. */
  async forget(): Promise<void> {
    await this.#termination;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** As if its machine lost power: nobody is told. Resolves when its processes are gone. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#status.stop();
    this.#ending.abort();
    for (const runner of this.#runners.values()) runner.kill();
    await this.#done;
    await this.#termination;
    this.#deps.network.detach(uidOf(this.#pod));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Volumes made of API objects follow them. */
  async refreshVolumes(): Promise<void> {
    if (this.#isSandboxReady && !this.#ending.signal.aborted) await this.#volumes?.refresh();
  }

  async #run(): Promise<void> {
    if (hasEnded(this.#pod)) return;
    if (this.#pod.metadata.deletionTimestamp === undefined) {
      this.#makeRoom();
      this.#status.changed();
      await this.#prepareVolumes();
      if (!this.#ending.signal.aborted) {
        this.#isSandboxReady = true;
        this.#watchDeadline();
        await this.#runContainers();
      }
    } else this.update(this.#pod);
    if (!this.#isKilled) await this.#status.written();
    if (this.#ending.signal.aborted || this.#isKilled) return;
    this.#deps.network.detach(uidOf(this.#pod));
  }

  #makeRoom(): void {
    const { network } = this.#deps;
    const etcFolder = join(this.#folder, "etc");
    this.#podIp = network.attach(this.#pod, etcFolder);
    writeEtcFiles(etcFolder, { hostname: this.#hostname, ip: this.#podIp });
    this.#volumes = new PodVolumes({
      access: this.#deps.access,
      pod: this.#pod,
      facts: this.#facts(this.#podIp),
      issueToken: this.#deps.issueToken,
      caCert: this.#deps.caCert,
      folder: join(this.#folder, "volumes"),
      claimsFolder: this.#deps.folders.claims,
    });
  }

  async #prepareVolumes(): Promise<void> {
    const { clock, events } = this.#deps;
    let delayMs: number = kubeletLimits.retryMs;
    while (!this.#ending.signal.aborted) {
      try {
        await this.#volumes?.prepare();
        return;
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        events.record(this.#pod, this.#source, { type: "Warning", reason: "FailedMount", message: error.message });
        this.#status.changed();
        await pause(clock, delayMs, this.#ending.signal);
        delayMs = Math.min(2 * delayMs, kubeletLimits.retryMaxMs);
      }
    }
  }

  async #runContainers(): Promise<void> {
    const { spec } = this.#pod;
    const policy = (spec.restartPolicy ?? "Always") as RestartPolicy;
    const sidecars: ContainerRunner[] = [];
    for (const init of spec.initContainers ?? []) {
      if (this.#ending.signal.aborted) return;
      const isSidecar = init.restartPolicy === "Always";
      const runner = this.#start(init, isSidecar ? "Always" : policy === "Never" ? "Never" : "OnFailure");
      if (isSidecar) {
        sidecars.push(runner);
        await this.#until(() => runner.status.started === true);
        continue;
      }
      await runner.done;
      if (runner.status.state?.terminated?.exitCode !== 0) {
        await Promise.all(sidecars.map((sidecar) => sidecar.stop(this.#graceMs)));
        return;
      }
    }
    if (this.#ending.signal.aborted) return;
    const runners = spec.containers.map((container) => this.#start(container, policy));
    await Promise.all(runners.map((runner) => runner.done));
    if (!this.#ending.signal.aborted) await Promise.all(sidecars.map((sidecar) => sidecar.stop(this.#graceMs)));
  }

  #start(spec: ContainerSpec, restartPolicy: RestartPolicy): ContainerRunner {
    const { clock, events, restartDelays } = this.#deps;
    const volumes = this.#volumes as PodVolumes;
    const facts = this.#facts(this.#podIp as string);
    const runner = new ContainerRunner(
      {
        spec,
        restartPolicy,
        clock,
        backoff: new RestartBackoff(restartDelays),
        podIp: facts.podIp,
        podLabel: `${this.#pod.metadata.name}_${namespaceOf(this.#pod)}(${uidOf(this.#pod)})`,
        graceMs: this.#graceMs,
        logFile: (restart) => this.logFile(spec.name, restart),
        launch: () =>
          launchContainer({
            deps: this.#deps,
            pod: this.#pod,
            spec,
            facts,
            volumes,
            etcFolder: join(this.#folder, "etc"),
            hostname: this.#hostname,
          }),
        event: (event) => events.record(this.#pod, this.#source, event),
        onChange: () => this.#status.changed(),
      },
      this.#earlierOf(spec.name),
    );
    this.#runners.set(spec.name, runner);
    this.#status.changed();
    return runner;
  }

  async #terminate(graceMs: number): Promise<void> {
    this.#ending.abort();
    const { clock, network } = this.#deps;
    const deadlineMs = clock.nowMs() + graceMs;
    const inits = new Set(this.#pod.spec.initContainers?.map(({ name }) => name));
    const [mains, sidecars] = [false, true].map((isInit) =>
      [...this.#runners.values()].filter(({ name }) => inits.has(name) === isInit),
    );
    await Promise.all((mains ?? []).map((runner) => runner.stop(graceMs)));
    const leftMs = Math.max(0, deadlineMs - clock.nowMs());
    await Promise.all((sidecars ?? []).map((runner) => runner.stop(leftMs)));
    await this.#done;
    network.detach(uidOf(this.#pod));
    if (this.#isKilled) return;
    if (!hasEnded(this.#pod)) {
      this.#status.changed();
      await this.#status.written();
    }
    this.#status.stop();
    this.#isOver = true;
    if (this.#pod.metadata.deletionTimestamp !== undefined) await this.#deleteObject();
  }

  /** Nothing of the pod is left: the API may forget it. A new pod of the same name is another. */
  async #deleteObject(): Promise<void> {
    const { access, log } = this.#deps;
    const id = { namespace: namespaceOf(this.#pod), name: this.#pod.metadata.name };
    const preconditions = { uid: uidOf(this.#pod) };
    try {
      await access.delete(resources.pods, id, { gracePeriodSeconds: 0, preconditions });
    } catch (error) {
      if (error instanceof ApiError && (error.reason === "NotFound" || error.reason === "Conflict")) return;
      log.warn(`pod ${keyOf(this.#pod)} has ended and cannot be deleted: ${messageOf(error)}`);
    }
  }

  /** https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup */
  #watchDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const { clock } = this.#deps;
    const leftMs = Date.parse(this.#startTime) + seconds * 1_000 - clock.wallMs();
    clock.after(Math.max(0, leftMs), () => {
      if (this.#ending.signal.aborted || this.#isKilled) return;
      const message = "Pod was active on the node longer than the specified deadline";
      this.#failure = { reason: "DeadlineExceeded", message };
      this.end(this.#graceMs);
    });
  }

  #statusNow(): { pod: Pod; status: PodStatus } {
    const isEnding = this.#ending.signal.aborted;
    const statusOf = ({ name, image = "" }: ContainerSpec, reason: string): ContainerStatus =>
      this.#runners.get(name)?.status ?? {
        name,
        image,
        imageID: "",
        restartCount: 0,
        lastState: {},
        ...this.#earlierOf(name),
        // What ran under a kubelet that is gone runs no longer.
        ready: false,
        started: false,
        state: isEnding ? { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } } : { waiting: { reason } },
      };
    const { spec } = this.#pod;
    const hasInits = (spec.initContainers ?? []).length > 0;
    const status = podStatus(
      this.#pod,
      {
        hostIp: this.#deps.node.ip,
        podIp: this.#podIp,
        startTime: this.#startTime,
        isSandboxReady: this.#isSandboxReady,
        initContainers: (spec.initContainers ?? []).map((init) => statusOf(init, "PodInitializing")),
        containers: spec.containers.map((own) => statusOf(own, hasInits ? "PodInitializing" : "ContainerCreating")),
        isEnding,
        failure: this.#failure,
      },
      apiTime(this.#deps.clock.wallMs()),
    );
    return { pod: this.#pod, status };
  }

  #earlierOf(name: string): ContainerStatus | undefined {
    const { initContainerStatuses = [], containerStatuses = [] } = this.#earlier ?? {};
    return [...initContainerStatuses, ...containerStatuses].find((status) => status.name === name);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#ending.signal.aborted) await pause(this.#deps.clock, 20, this.#ending.signal);
  }

  #facts(podIp: string): PodFacts {
    const { node } = this.#deps;
    return { podIp, hostIp: node.ip, nodeName: node.name, allocatable: node.allocatable };
  }

  get #hostname(): string {
    return (this.#pod.spec.hostname ?? this.#pod.metadata.name).slice(0, 63).replace(/[-.]+$/, "");
  }

  get #graceMs(): number {
    return (this.#pod.spec.terminationGracePeriodSeconds ?? kubeletLimits.graceSeconds) * 1_000;
  }

  get #source(): { component: string; host: string } {
    return { component: "kubelet", host: this.#deps.node.name };
  }
}
