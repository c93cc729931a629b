import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiAccess } from "./api/access.ts";
import { ApiServer } from "./apiserver/api-server.ts";
import { type ControllerOptions, startControllers } from "./controllers/start-controllers.ts";
import { GatewayController } from "./gateway/gateway-controller.ts";
import { runHelm } from "./kubectl.ts";
import { KubectlUser } from "./kubectl-user.ts";
import type { ImageRegistry } from "./kubelet/images/image-registry.ts";
import { Kubelet, type KubeletOptions } from "./kubelet/kubelet.ts";
import { type KubeletLog, silentLog } from "./kubelet/log.ts";
import { uidOf } from "./kubelet/types.ts";
import { DataFolder } from "./local/data-folder.ts";
import { serviceSubnetOf, startOnFreeSubnet } from "./local/free-cluster-subnet.ts";
import { outputOf } from "./programs/run-program.ts";

/** How a local cluster is made. */
export interface LocalKubernetesOptions {
  /** How many nodes (`node-1`, …), or their names. Default 1. */
  readonly nodes?: number | readonly string[];
  /** Default: shells, Redis, and Manta and its operator as they lie on this machine. */
  readonly images?: ImageRegistry;
  /** For the kubeconfig, claims and pods' files. Default: a temporary one, removed on close. */
  readonly dataDir?: string;
  /** First two numbers of its addresses, such as `127.44`. Default: some that no other cluster uses. */
  readonly subnet?: string;
  /** Of the API server. Default 6443. */
  readonly port?: number;
  /** False: the API in plain HTTP. Default true. */
  readonly tls?: boolean;
  /** False: API server and controllers only; pods stay Pending. Default true. */
  readonly pods?: boolean;
  readonly kubelet?: Pick<KubeletOptions, "capacity" | "labels" | "restartDelays" | "heartbeatMs">;
  readonly controllers?: Pick<ControllerOptions, "nodeMonitorGraceMs" | "jobBackoffMs">;
  /** Whether Gateways and HTTPRoutes work, of the class `manta-local`. Default false. */
  readonly gateways?: boolean;
  readonly log?: KubeletLog;
  /** Whether SIGINT and SIGTERM to this process close the cluster first. Default true. */
  readonly closeOnSignals?: boolean;
}

interface Parts {
  readonly apiServer: ApiServer;
  readonly folder: DataFolder;
  readonly kubelet: Kubelet | undefined;
  readonly controllers: { close(): Promise<void> };
  readonly gateways: GatewayController | undefined;
}

/**
 * A small Kubernetes in this process: the API server with its real protocol, the controllers of workloads, and nodes
 * whose pods are sandboxes of this machine (Linux, bubblewrap). Pods die with the process, however that ends.
 */
export class LocalKubernetes extends KubectlUser {
  readonly url: string;
  /** The API without HTTP. */
  readonly access: ApiAccess;
  /** Of the administrator, mode 0600. */
  readonly kubeconfigFile: string;
  readonly apiServer: ApiServer;
  readonly #parts: Parts;
  readonly #removeHandlers: () => void;
  #closing: Promise<void> | undefined;

  /** Resolves once its nodes are ready. Throws where bubblewrap is not installed or the subnet is taken. */
  static async start(options: LocalKubernetesOptions = {}): Promise<LocalKubernetes> {
    const { tls = true, port = defaultPort, log = silentLog } = options;
    const { subnet, started: apiServer } = await startOnFreeSubnet(options.subnet, (chosen) => {
      const serviceSubnet = serviceSubnetOf(chosen);
      const [firstAddress] = serviceSubnet.split("/");
      const names = [String(firstAddress).replace(/0$/, "1")];
      return ApiServer.start({ host: `${chosen}.0.1`, port, tls, serviceSubnet, names });
    });
    const folder = new DataFolder(options.dataDir);
    const controllers = startControllers({ access: apiServer.access, log, ...options.controllers });
    const { access } = apiServer;
    let gateways: GatewayController | undefined;
    const parts = { apiServer, folder, controllers };
    try {
      if (options.gateways === true) gateways = await GatewayController.start({ access, subnet, log });
      const kubelet = options.pods === false ? undefined : await startKubelet(options, subnet, apiServer, folder);
      return new LocalKubernetes({ ...parts, gateways, kubelet }, options.closeOnSignals ?? true);
    } catch (error) {
      await closeParts({ ...parts, gateways, kubelet: undefined });
      throw error;
    }
  }

  private constructor(parts: Parts, closeOnSignals: boolean) {
    super();
    const { apiServer, folder } = parts;
    this.#parts = parts;
    this.apiServer = apiServer;
    this.url = apiServer.url;
    this.access = apiServer.access;
    this.kubeconfigFile = join(folder.path, "kubeconfig");
    writeFileSync(this.kubeconfigFile, apiServer.kubeconfig(), { mode: 0o600 });
    this.#removeHandlers = closeOnSignals ? onSignals(() => this.close()) : () => undefined;
  }

  /** Its nodes and pods, for faults: `killNode`, `restoreNode`, `stopContainer`. Throws with `pods: false`. */
  get kubelet(): Kubelet {
    const { kubelet } = this.#parts;
    if (kubelet === undefined) throw new Error("this cluster was started without nodes (pods: false)");
    return kubelet;
  }

  /** What helm prints; rejects with what it says on stderr when it fails. */
  helm(...args: readonly string[]): Promise<string> {
    return outputOf(runHelm(this.kubeconfigFile, args), "helm", args);
  }

  /** Kills all pods and ends everything; a temporary folder is removed. */
  close(): Promise<void> {
    this.#closing ??= closeParts(this.#parts).finally(this.#removeHandlers);
    return this.#closing;
  }
}

const defaultPort = 6443;

const startKubelet = async (
  { nodes, images, kubelet: more, log }: LocalKubernetesOptions,
  subnet: string,
  apiServer: ApiServer,
  folder: DataFolder,
): Promise<Kubelet> => {
  const { access, caCert, url } = apiServer;
  const kubelet = await Kubelet.start({
    ...more,
    access,
    subnet,
    dataDir: folder.path,
    apiServer: { host: new URL(url).hostname, port: Number(new URL(url).port) },
    issueToken: ({ namespace, serviceAccount, pod, audience, expirationSeconds }) => {
      const account = { namespace, name: serviceAccount };
      const bound = { name: pod.metadata.name, uid: uidOf(pod) };
      const audiences = audience === undefined ? {} : { audiences: [audience] };
      return Promise.resolve(apiServer.issueToken(account, { ...audiences, expirationSeconds, pod: bound }).token);
    },
    ...(caCert === undefined ? {} : { caCert }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(images === undefined ? {} : { images }),
    ...(log === undefined ? {} : { log }),
  });
  apiServer.connectPods(kubelet.streams);
  return kubelet;
};

const closeParts = async ({ controllers, gateways, kubelet, apiServer, folder }: Parts): Promise<void> => {
  await controllers.close();
  await gateways?.close();
  await kubelet?.close();
  await apiServer.close();
  folder.close();
};

/** Closes first, then lets the signal do what it would have done. */
const onSignals = (close: () => Promise<void>): (() => void) => {
  const handlers = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const handler = (): void => {
      // `once` has taken this one off already.
      const alone = process.listenerCount(signal) === 0;
      void close().finally(() => {
        // Who listens, too, decides when the process ends.
        if (alone) process.kill(process.pid, signal);
      });
    };
    process.once(signal, handler);
    return () => process.removeListener(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
};
