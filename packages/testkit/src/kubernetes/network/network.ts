import { mkdirSync } from "node:fs";
import type { ApiAccess } from "../api/access.ts";
import type { KubeObject, ResourceId } from "../api/objects.ts";
import { resources } from "../api/resources.ts";
import type { KubeletLog } from "../kubelet/log.ts";
import type { PodNetwork } from "../kubelet/pods/pod-deps.ts";
import { replaceEtcFile } from "../kubelet/sandbox/etc-files.ts";
import { keyOf, namespaceOf, type Pod, uidOf } from "../kubelet/types.ts";
import { AddressPool, clusterAddresses } from "./addresses.ts";
import { type HostsOwner, hostsText } from "./hosts-text.ts";
import { networkLimits } from "./limits.ts";
import { ServiceProxy } from "./service-proxy.ts";
import { serviceTable } from "./service-table.ts";

/** What the network is made of. */
export interface NetworkOptions {
  readonly access: ApiAccess;
  /** First two numbers of the cluster's addresses, `127.a`. */
  readonly subnet: string;
  readonly dnsDomain: string;
  /** Where node ports are. */
  readonly nodeIps: readonly string[];
  readonly log: KubeletLog;
}

interface Attached {
  readonly owner: HostsOwner;
  readonly folder: string;
  text: string;
}

/** Addresses and names of pods, and the Services as local listeners. NetworkPolicies are not enforced. */
export class Network implements PodNetwork {
  readonly #options: NetworkOptions;
  readonly #pool: AddressPool;
  readonly #attached = new Map<string, Attached>();
  readonly #services = new Map<string, KubeObject>();
  readonly #slices = new Map<string, KubeObject>();
  readonly #proxies = new Map<string, ServiceProxy>();
  readonly #watches: { close(): void }[];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#pool = new AddressPool(clusterAddresses(options.subnet).pods);
    this.#watches = [
      this.#watch(resources.services, this.#services),
      this.#watch(resources.endpointSlices, this.#slices),
    ];
  }

  attach(pod: Pod, folder: string): string {
    const ip = this.#pool.take();
    mkdirSync(folder, { recursive: true });
    const owner = { ...ownerOf(pod, this.#options.dnsDomain), ip };
    this.#attached.set(uidOf(pod), { owner, folder, text: "" });
    this.#update();
    return ip;
  }

  detach(uid: string): void {
    const attached = this.#attached.get(uid);
    if (attached === undefined) return;
    this.#attached.delete(uid);
    this.#pool.release(attached.owner.ip);
  }

  /** Ends every listener and connection. */
  close(): void {
    clearTimeout(this.#timer);
    for (const watch of this.#watches) watch.close();
    for (const proxy of this.#proxies.values()) proxy.close(true);
  }

  #watch(resource: ResourceId, known: Map<string, KubeObject>): { close(): void } {
    return this.#options.access.watch(resource, {}, ({ type, object }) => {
      if (type === "DELETED") known.delete(keyOf(object));
      else known.set(keyOf(object), object);
      this.#timer ??= setTimeout(() => this.#update(), networkLimits.updateDelayMs);
    });
  }

  #update(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { dnsDomain, nodeIps, log } = this.#options;
    const table = serviceTable([...this.#services.values()], [...this.#slices.values()], dnsDomain, nodeIps);
    const wanted = new Map(table.ports.map((port) => [`${port.host}:${port.port}`, port]));
    for (const [key, proxy] of this.#proxies) {
      if (wanted.has(key)) continue;
      proxy.close(false);
      this.#proxies.delete(key);
    }
    for (const [key, port] of wanted) {
      const proxy = this.#proxies.get(key);
      if (proxy === undefined) this.#proxies.set(key, new ServiceProxy(port, log));
      else proxy.update(port);
    }
    for (const attached of this.#attached.values()) {
      const text = hostsText(attached.owner, table.names);
      if (text === attached.text) continue;
      replaceEtcFile(attached.folder, "hosts", text);
      attached.text = text;
    }
  }
}

const ownerOf = (pod: Pod, dnsDomain: string): Omit<HostsOwner, "ip"> => {
  const namespace = namespaceOf(pod);
  const hostname = pod.spec.hostname ?? pod.metadata.name;
  const { subdomain } = pod.spec;
  const full = subdomain === undefined ? [] : [`${hostname}.${subdomain}.${namespace}.svc.${dnsDomain}`];
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip = "", hostnames = [] }) => ({ ip, hostnames }));
  return { namespace, hostnames: [...full, hostname], aliases };
};
