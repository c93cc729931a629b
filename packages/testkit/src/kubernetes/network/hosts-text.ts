import type { NameEntry } from "./service-table.ts";

/** A pod, as its /etc/hosts sees it. */
export interface HostsOwner {
  readonly ip: string;
  readonly namespace: string;
  /** The first is what the address is called back. */
  readonly hostnames: readonly string[];
  readonly aliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
}

/**
 * The text of a pod's /etc/hosts: `localhost` is the pod (its programs have no loopback of their own), then the cluster's
 * names, short ones of the pod's namespace only.
 */
export const hostsText = (owner: HostsOwner, names: readonly NameEntry[]): string => {
  const lines = [
    `${owner.ip}\tlocalhost ip6-localhost`,
    `${owner.ip}\t${owner.hostnames.join(" ")}`,
    ...owner.aliases.map(({ ip, hostnames }) => `${ip}\t${hostnames.join(" ")}`),
    ...names
      .filter(({ namespace }) => namespace === undefined || namespace === owner.namespace)
      .map((entry) => `${entry.address}\t${entry.names.join(" ")}`),
  ];
  return `${lines.join("\n")}\n`;
};
