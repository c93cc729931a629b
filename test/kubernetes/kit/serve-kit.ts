import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Operator, type OperatorSettings, startOperator } from "@manta/operator";
import {
  ForeignKubernetes,
  gatewayResources,
  type KubeObject,
  type KubernetesUnderTest,
  LocalKubernetes,
  type LocalKubernetesOptions,
  type ResourceId,
  resources,
} from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import type { RayCluster } from "../../../packages/operator/src/api/ray-cluster.ts";
import type { RayService } from "../../../packages/operator/src/api/ray-service.ts";
import { type OpenLoad, startOpenLoad } from "../open-load.ts";
import { appConfigMap, rayService, type ServiceOptions } from "./manifests.ts";
import { foreignKubeconfig } from "./tested-cluster.ts";

const crds = fileURLToPath(new URL("../../../packages/operator/crds", import.meta.url));
/** Some ten seconds on idle cores; the suite's other parts may have them. */
const readyTimeoutMs = 120_000;
const ray = (plural: string): ResourceId => ({ group: "ray.io", version: "v1", plural });

/** What a `ServeKit` is started with. */
export interface ServeKitOptions extends Pick<LocalKubernetesOptions, "gateways"> {
  /** How many nodes it needs. Default 1. */
  readonly nodes?: number;
  /** Of somebody else's cluster, which needs the image, and whose pods and Services this machine reaches. */
  readonly kubeconfig?: string | undefined;
}

/** A Kubernetes with our CRDs and an operator in this process, shared by the tests of a file. */
export class ServeKit {
  readonly cluster: KubernetesUnderTest;
  /** The cluster again where somebody else runs it: there, only what is in our namespace is ours. */
  readonly #foreign: ForeignKubernetes | undefined;
  readonly #hasGateways: boolean;
  #operator: Operator | undefined;

  static async start({ kubeconfig = foreignKubeconfig, ...options }: ServeKitOptions = {}): Promise<ServeKit> {
    const cluster =
      kubeconfig === undefined
        ? await LocalKubernetes.start({ port: 0, ...options })
        : await ForeignKubernetes.connect(kubeconfig);
    const kit = new ServeKit(cluster, options.gateways === true);
    try {
      const nodes = await cluster.access.list(resources.nodes);
      const { nodes: wanted = 1 } = options;
      if (nodes.length < wanted) throw new Error(`these tests need ${wanted} nodes, the cluster has ${nodes.length}`);
      await cluster.kubectl("apply", "-k", crds);
      await cluster.kubectl("wait", "--for=condition=established", "--all", "crd");
      await kit.apply(appConfigMap());
      await kit.startOperator();
      return kit;
    } catch (error) {
      await kit.close();
      throw error;
    }
  }

  private constructor(cluster: KubernetesUnderTest, hasGateways: boolean) {
    this.cluster = cluster;
    this.#foreign = cluster instanceof ForeignKubernetes ? cluster : undefined;
    this.#hasGateways = hasGateways;
  }

  /** Where the tests' objects are. */
  get namespace(): string {
    return this.#foreign?.namespace ?? "default";
  }

  async startOperator(settings: Partial<OperatorSettings> = {}): Promise<void> {
    const kubeconfig = readFileSync(this.cluster.kubeconfigFile, "utf8");
    const watchNamespaces = this.#foreign === undefined ? [] : [this.namespace];
    this.#operator = await startOperator({ kubeconfig, settings: { watchNamespaces, ...settings } });
  }

  /** As if its process had died. */
  async killOperator(): Promise<void> {
    await this.#operator?.close(0);
    this.#operator = undefined;
  }

  apply(object: object): Promise<string> {
    return this.cluster.apply(JSON.stringify(object));
  }

  /** Applies it and waits until it is Ready and every app runs. */
  async applyReady(options: ServiceOptions): Promise<RayService> {
    await this.apply(rayService(options));
    await this.ready(options.name);
    return this.service(options.name);
  }

  /** Throws when there is none. */
  async service(name: string): Promise<RayService> {
    return (await this.#get("rayservices", name)) as unknown as RayService;
  }

  /** Throws when there is none. */
  async rayCluster(name: string): Promise<RayCluster> {
    return (await this.#get("rayclusters", name)) as unknown as RayCluster;
  }

  /** Names of the RayClusters of a RayService. */
  async clustersOf(service: string): Promise<string[]> {
    const labelSelector = `ray.io/originated-from-cr-name=${service}`;
    const found = await this.cluster.access.list(ray("rayclusters"), { namespace: this.namespace, labelSelector });
    return found.map(({ metadata }) => metadata.name);
  }

  async #get(plural: string, name: string): Promise<KubeObject> {
    const found = await this.cluster.access.get(ray(plural), { namespace: this.namespace, name });
    if (found === undefined) throw new Error(`there is no ${name} among ${plural}`);
    return found;
  }

  /** Until its Ready condition is True, for the newest spec, and as many endpoints are there as asked for. */
  ready(name: string, endpoints = 1): Promise<unknown> {
    return this.until(name, `${name} to be Ready with ${endpoints} endpoints`, ({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      const isNew = status?.observedGeneration === metadata.generation;
      return isNew && ready?.status === "True" && (status?.numServeEndpoints ?? 0) >= endpoints;
    });
  }

  /** Until this holds for a RayService. */
  until(name: string, what: string, holds: (service: RayService) => boolean): Promise<unknown> {
    let last: RayService | undefined;
    return waitFor(
      async () => {
        last = await this.service(name);
        return holds(last);
      },
      { timeoutMs: readyTimeoutMs, intervalMs: 250, what },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${JSON.stringify(last?.status, null, 1)}`, { cause: error });
    });
  }

  /** Until this holds for a RayCluster. */
  untilCluster(name: string, what: string, holds: (cluster: RayCluster) => boolean): Promise<unknown> {
    let last: RayCluster | undefined;
    return waitFor(
      async () => {
        last = await this.rayCluster(name);
        return holds(last);
      },
      { timeoutMs: readyTimeoutMs, intervalMs: 100, what },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${JSON.stringify(last?.status, null, 1)}`, { cause: error });
    });
  }

  /** Pods that are not being deleted, by labels. */
  async pods(labelSelector: string): Promise<readonly KubeObject[]> {
    const pods = await this.cluster.access.list(resources.pods, { namespace: this.namespace, labelSelector });
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The head pod of a RayService's active cluster. Throws when it has none. */
  async head(service: string): Promise<KubeObject> {
    const [head] = await this.pods(`ray.io/node-type=head,ray.io/cluster=${await this.activeCluster(service)}`);
    if (head === undefined) throw new Error(`${service} has no head pod`);
    return head;
  }

  async workers(service: string): Promise<readonly KubeObject[]> {
    return this.pods(`ray.io/node-type=worker,ray.io/cluster=${await this.activeCluster(service)}`);
  }

  async activeCluster(service: string): Promise<string> {
    const name = (await this.service(service)).status?.activeServiceStatus?.rayClusterName;
    if (name === undefined || name === "") throw new Error(`${service} has no active cluster`);
    return name;
  }

  /** Where its applications answer: its Gateway where it has one, else its Service. */
  async url(service: string): Promise<string> {
    return (await this.#gatewayUrl(service)) ?? (await this.#serviceUrl(service));
  }

  async #gatewayUrl(service: string): Promise<string | undefined> {
    if (!this.#hasGateways) return undefined;
    const id = { namespace: this.namespace, name: `${service}-gateway` };
    const { addresses } = ((await this.cluster.access.get(gatewayResources.gateways, id))?.["status"] ?? {}) as {
      addresses?: { value: string }[];
    };
    return addresses?.[0] && `http://${addresses[0].value}`;
  }

  async #serviceUrl(service: string): Promise<string> {
    const found = await this.cluster.access.get(resources.services, {
      namespace: this.namespace,
      name: `${service}-serve-svc`,
    });
    const { clusterIP } = (found?.spec ?? {}) as { clusterIP?: string };
    if (clusterIP === undefined) throw new Error(`${service} has no serve Service`);
    return `http://${clusterIP}:8000`;
  }

  /** What the two apps say: `6` and `15 pizzas please!`, or the status when it is not 200. */
  async answers(service: string): Promise<string[]> {
    const url = await this.url(service);
    const ask = async (path: string, body: string): Promise<string> => {
      const response = await fetch(`${url}${path}`, { method: "POST", body, signal: AbortSignal.timeout(10_000) });
      return response.ok ? response.text() : String(response.status);
    };
    return [await ask("/fruit/", '["MANGO", 2]'), await ask("/calc/", '["MUL", 3]')];
  }

  /** Requests to both apps; each answer must be one of those given. */
  async load(service: string, ratePerSecond: number, right = ["6", "15 pizzas please!"]): Promise<OpenLoad> {
    const expect = (_status: number, body: string): boolean => right.includes(body);
    const post = { method: "POST", expect };
    return startOpenLoad(await this.url(service), ratePerSecond, [
      { ...post, name: "fruit", path: "/fruit/", body: '["MANGO", 2]' },
      { ...post, name: "calc", path: "/calc/", body: '["MUL", 3]' },
    ]);
  }

  async close(): Promise<void> {
    // Their finalizers need an operator.
    const kinds = "rayservices.ray.io,rayclusters.ray.io";
    if (this.#operator !== undefined)
      await this.#foreign?.kubectlWith({ timeoutMs: readyTimeoutMs }, "delete", kinds, "--all").catch(() => undefined);
    await this.killOperator();
    await this.cluster.close();
  }
}

/** Status and reason of a condition: `True/NonZeroServeEndpoints`. */
export const conditionOf = ({ status }: RayService | RayCluster, type: string): string | undefined => {
  const found = status?.conditions?.find((condition) => condition.type === type);
  return found && `${found.status}/${found.reason}`;
};

/** Condition Ready of a pod. */
export const isReady = (pod: KubeObject): boolean => {
  const { conditions = [] } = (pod.status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
};
