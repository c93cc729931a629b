import { ApiError } from "../../api/api-error.ts";
import { resources } from "../../api/resources.ts";
import { apiTime } from "../clock.ts";
import { kubeletLimits } from "../limits.ts";
import { messageOf } from "../log.ts";
import { markNotReady } from "../pods/mark-not-ready.ts";
import type { PodDeps } from "../pods/pod-deps.ts";
import { PodWorker } from "../pods/pod-worker.ts";
import { keyOf, type NodeObject, type Pod, uidOf } from "../types.ts";
import { type NodeCapacity, nodeObject, nodeStatus } from "./node-object.ts";

const leaseNamespace = "kube-node-lease";
const leaseSeconds = 40;

/** What a node is made of. */
export interface NodeAgentOptions {
  readonly deps: PodDeps;
  readonly capacity: NodeCapacity;
  readonly labels: Readonly<Record<string, string>>;
  readonly heartbeatMs: number;
}

/** One node: its object, its heartbeats, and the pods that are bound to it. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #workers = new Map<string, PodWorker>();
  #heartbeat: { cancel(): void } | undefined;
  #beating: Promise<void> = Promise.resolve();
  #isAlive = true;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.deps.node.name;
  }

  get workers(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** Registers the node, and says from now on that it lives. */
  async start(): Promise<void> {
    const { deps, labels } = this.#options;
    this.#isAlive = true;
    try {
      await deps.access.create(resources.nodes, nodeObject(this.name, labels));
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "AlreadyExists") throw error;
    }
    await this.#untaint();
    await this.#beat();
    this.#arm();
  }

  /** A pod of this node is there, or another. */
  onPod(pod: Pod): void {
    if (!this.#isAlive) return;
    const worker = this.#workers.get(uidOf(pod));
    if (worker === undefined) this.#workers.set(uidOf(pod), new PodWorker(this.#options.deps, pod));
    else worker.update(pod);
  }

  /** The pod's object is gone; what still runs of it ends. */
  onPodGone(pod: Pod): void {
    const worker = this.#workers.get(uidOf(pod));
    if (worker === undefined || !this.#isAlive) return;
    this.#workers.delete(uidOf(pod));
    worker.end(kubeletLimits.graceExtensionMs);
    worker.forget().catch((error: unknown) => this.#options.deps.log.warn(`pod ${keyOf(pod)}: ${messageOf(error)}`));
  }

  /** As if its machine lost power, and the cluster has noticed. */
  async kill(): Promise<void> {
    const workers = this.workers;
    await this.close();
    const { access, clock, log } = this.#options.deps;
    const now = apiTime(clock.wallMs());
    const node: NodeObject | undefined = await access.get(resources.nodes, { name: this.name });
    const conditions = (node?.status?.conditions ?? []).map((condition) => ({
      ...condition,
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
      lastTransitionTime: now,
    }));
    await access.mergePatch(resources.nodes, { name: this.name }, { status: { conditions } }, "status");
    const taints = (node?.spec?.taints ?? []).filter(({ key }) => key !== unreachable);
    const spec = { taints: [...taints, { key: unreachable, effect: "NoSchedule", timeAdded: now }] };
    await access.mergePatch(resources.nodes, { name: this.name }, { spec });
    for (const { pod } of workers)
      await markNotReady(access, pod, now).catch((error: unknown) => log.warn(messageOf(error)));
  }

  /** SIGKILL to everything; tells nobody. */
  async close(): Promise<void> {
    this.#isAlive = false;
    this.#heartbeat?.cancel();
    const workers = this.workers;
    this.#workers.clear();
    await Promise.all([this.#beating, ...workers.map((worker) => worker.kill())]);
  }

  async refreshVolumes(): Promise<void> {
    const { log } = this.#options.deps;
    for (const worker of this.#workers.values())
      await worker
        .refreshVolumes()
        .catch((error: unknown) => log.warn(`volumes of ${keyOf(worker.pod)}: ${messageOf(error)}`));
  }

  #arm(): void {
    const { deps, heartbeatMs } = this.#options;
    this.#heartbeat = deps.clock.after(heartbeatMs, () => {
      this.#beating = this.#beat()
        .catch((error: unknown) => deps.log.warn(`heartbeat of node ${this.name}: ${messageOf(error)}`))
        .finally(() => {
          if (this.#isAlive) this.#arm();
        });
    });
  }

  async #beat(): Promise<void> {
    const { deps, capacity } = this.#options;
    const { access, clock, node } = deps;
    const now = apiTime(clock.wallMs());
    const stored: NodeObject | undefined = await access.get(resources.nodes, { name: this.name });
    const status = nodeStatus({ ...node, capacity }, stored?.status?.conditions ?? [], now);
    await access.mergePatch(resources.nodes, { name: this.name }, { status }, "status");
    await this.#renewLease();
  }

  async #renewLease(): Promise<void> {
    const { access, clock } = this.#options.deps;
    const renewTime = new Date(clock.wallMs()).toISOString().replace("Z", "000Z");
    const spec = { holderIdentity: this.name, leaseDurationSeconds: leaseSeconds, renewTime };
    const id = { namespace: leaseNamespace, name: this.name };
    try {
      await access.mergePatch(resources.leases, id, { spec });
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "NotFound") throw error;
      await this.#createLease(spec);
    }
  }

  async #createLease(spec: object): Promise<void> {
    const { access } = this.#options.deps;
    if ((await access.get(resources.namespaces, { name: leaseNamespace })) === undefined)
      await access
        .create(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: leaseNamespace } })
        .catch((error: unknown) => {
          if (!(error instanceof ApiError) || error.reason !== "AlreadyExists") throw error;
        });
    const metadata = { namespace: leaseNamespace, name: this.name };
    await access.create(resources.leases, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }

  /** It answers again. */
  async #untaint(): Promise<void> {
    const { access } = this.#options.deps;
    const node: NodeObject | undefined = await access.get(resources.nodes, { name: this.name });
    const taints = node?.spec?.taints ?? [];
    if (!taints.some(({ key }) => key === unreachable)) return;
    const spec = { taints: taints.filter(({ key }) => key !== unreachable) };
    await access.mergePatch(resources.nodes, { name: this.name }, { spec });
  }
}

const unreachable = "node.kubernetes.io/unreachable";
