import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ApiAccess } from "../api/access.ts";
import { resources } from "../api/resources.ts";
import { AddressPool, clusterAddresses } from "../network/addresses.ts";
import { Network } from "../network/network.ts";
import { type KubeletClock, systemClock } from "./clock.ts";
import { EventRecorder } from "./events.ts";
import { ImageRegistry } from "./images/image-registry.ts";
import { mantaImage, operatorImage } from "./images/manta-image.ts";
import { redisImage } from "./images/redis-image.ts";
import { shellImages } from "./images/shell-images.ts";
import { kubeletLimits } from "./limits.ts";
import { type KubeletLog, silentLog } from "./log.ts";
import { NodeAgent } from "./node/node-agent.ts";
import type { NodeCapacity } from "./node/node-object.ts";
import type { RestartDelays } from "./pods/backoff.ts";
import type { PodDeps } from "./pods/pod-deps.ts";
import type { PodWorker } from "./pods/pod-worker.ts";
import { findSandboxPrograms } from "./sandbox/bwrap-program.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { KubeletStreams } from "./streams/kubelet-streams.ts";
import { keyOf, type Pod, uidOf } from "./types.ts";
import type { TokenIssuer } from "./volumes/payload.ts";

/** How the nodes of a small cluster are made. */
export interface KubeletOptions {
  readonly access: ApiAccess;
  /** How many nodes (`node-1`, …), or their names. Default 1. */
  readonly nodes?: number | readonly string[];
  /** What each node offers; nominal, not enforced. Default 32 CPUs, 64Gi, 110 pods. */
  readonly capacity?: Partial<NodeCapacity>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `defaultImages()`. */
  readonly images?: ImageRegistry;
  /** Pods' files lie in `pods` (removed on close), claims in `claims`. */
  readonly dataDir: string;
  /** First two numbers of the cluster's addresses, `127.a`. */
  readonly subnet: string;
  /** Default cluster.local. */
  readonly dnsDomain?: string;
  /** Where pods reach the API server. */
  readonly apiServer?: { readonly host: string; readonly port: number };
  /** The API server's certificate authority, PEM. */
  readonly caCert?: string;
  readonly issueToken?: TokenIssuer;
  /** Default 1 s doubling to 30 s (a kubelet: 10 s to 300 s). */
  readonly restartDelays?: RestartDelays;
  readonly heartbeatMs?: number;
  readonly log?: KubeletLog;
  readonly clock?: KubeletClock;
}

/** Shells, Redis, and Manta and its operator as they lie on this machine. */
export const defaultImages = (): ImageRegistry =>
  new ImageRegistry([mantaImage(), operatorImage(), redisImage, ...shellImages]);

/**
 * The nodes, scheduler and network of a small cluster in one process: pods run as sandboxes made by bubblewrap. Limits
 * of memory and CPU and NetworkPolicies are not enforced; all pods share the machine's network, each at its own loopback
 * address.
 */
export class Kubelet {
  readonly images: ImageRegistry;
  /** For `ApiServer.connectPods`. */
  readonly streams: KubeletStreams;
  readonly #agents: ReadonlyMap<string, NodeAgent>;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #events: EventRecorder;
  readonly #podsFolder: string;
  readonly #pods = new Map<string, Pod>();
  readonly #watch: { close(): void };
  readonly #refresh: NodeJS.Timeout;
  #refreshing = false;

  /** Resolves once the nodes are registered and ready. Throws where bubblewrap is not installed. */
  static async start(options: KubeletOptions): Promise<Kubelet> {
    const kubelet = new Kubelet(options);
    try {
      for (const agent of kubelet.#agents.values()) await agent.start();
    } catch (error) {
      await kubelet.close();
      throw error;
    }
    return kubelet;
  }

  private constructor(options: KubeletOptions) {
    const { access, subnet, dataDir, log = silentLog, clock = systemClock, dnsDomain = "cluster.local" } = options;
    this.images = options.images ?? defaultImages();
    this.#podsFolder = join(dataDir, "pods");
    // Of a kubelet that was killed: its pods died with it.
    rmSync(this.#podsFolder, { recursive: true, force: true });
    mkdirSync(this.#podsFolder, { recursive: true });
    const programs = findSandboxPrograms();
    const { nodes = 1 } = options;
    const names = typeof nodes === "number" ? Array.from({ length: nodes }, (_, n) => `node-${n + 1}`) : nodes;
    const pool = new AddressPool(clusterAddresses(subnet).nodes);
    const ips = new Map(names.map((name) => [name, pool.take()]));
    this.#events = new EventRecorder(access, clock, log);
    this.#network = new Network({ access, subnet, dnsDomain, nodeIps: [...ips.values()], log });
    const capacity = { cpu: "32", memory: "64Gi", pods: String(kubeletLimits.podsPerNode), ...options.capacity };
    const shared: Omit<PodDeps, "node"> = {
      access,
      clock,
      log,
      events: this.#events,
      images: this.images,
      network: this.#network,
      programs,
      restartDelays: options.restartDelays ?? {
        initialMs: kubeletLimits.restartDelayMs,
        maxMs: kubeletLimits.restartDelayMaxMs,
      },
      issueToken: options.issueToken,
      caCert: options.caCert,
      apiServer: options.apiServer,
      dnsDomain,
      folders: { pods: this.#podsFolder, claims: join(dataDir, "claims"), images: join(this.#podsFolder, ".images") },
    };
    const { labels = {}, heartbeatMs = kubeletLimits.heartbeatMs } = options;
    this.#agents = new Map(
      [...ips].map(([name, ip]) => [
        name,
        new NodeAgent({
          deps: { ...shared, node: { name, ip, allocatable: capacity } },
          capacity,
          labels,
          heartbeatMs,
        }),
      ]),
    );
    this.streams = new KubeletStreams((pod) => this.#workerOf(pod), clock);
    this.#watch = access.watch(resources.pods, {}, ({ type, object }) => this.#onPod(type, object as Pod));
    this.#scheduler = new Scheduler({ access, clock, log, events: this.#events });
    this.#refresh = setInterval(() => void this.#refreshVolumes(), kubeletLimits.volumeRefreshMs).unref();
  }

  /** The machine of the node is gone: all its processes are killed, it is NotReady, its pods stay as the API has them. */
  killNode(name: string): Promise<void> {
    return this.#agent(name).kill();
  }

  /** The machine is back; pods that are still bound to it start again. */
  async restoreNode(name: string): Promise<void> {
    const agent = this.#agent(name);
    await agent.start();
    for (const pod of this.#pods.values()) if (pod.spec.nodeName === name) agent.onPod(pod);
  }

  /** Sends a signal to a container's first process; default SIGKILL to the pod's default container. Throws when it does not run. */
  stopContainer(
    pod: { readonly namespace?: string; readonly name: string; readonly container?: string },
    signal: NodeJS.Signals = "SIGKILL",
  ): void {
    const key = `${pod.namespace ?? "default"}/${pod.name}`;
    const known = this.#pods.get(key);
    const runner = known === undefined ? undefined : this.#workerOf(known)?.runner(pod.container);
    if (runner?.sandbox === undefined) throw new Error(`no running container ${pod.container ?? ""} in pod ${key}`);
    runner.signal(signal);
  }

  /** Ends everything, by SIGKILL, and removes the pods' files. The API is not told. */
  async close(): Promise<void> {
    clearInterval(this.#refresh);
    this.#watch.close();
    await this.#scheduler.close();
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
    this.#network.close();
    await this.#events.flush();
    rmSync(this.#podsFolder, { recursive: true, force: true });
  }

  #onPod(type: "ADDED" | "MODIFIED" | "DELETED", pod: Pod): void {
    const { nodeName } = pod.spec;
    if (type === "DELETED") this.#pods.delete(keyOf(pod));
    else this.#pods.set(keyOf(pod), pod);
    const agent = nodeName === undefined ? undefined : this.#agents.get(nodeName);
    if (type === "DELETED") agent?.onPodGone(pod);
    else agent?.onPod(pod);
  }

  #agent(name: string): NodeAgent {
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new Error(`no node ${name} in this cluster: ${[...this.#agents.keys()].join(", ")}`);
    return agent;
  }

  #workerOf(pod: Pod): PodWorker | undefined {
    return this.#agents.get(pod.spec.nodeName ?? "")?.worker(uidOf(pod));
  }

  async #refreshVolumes(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    for (const agent of this.#agents.values()) await agent.refreshVolumes();
    this.#refreshing = false;
  }
}
