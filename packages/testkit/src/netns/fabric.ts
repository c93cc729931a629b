import { spawnSync } from "node:child_process";
import { ip, within } from "./ip.ts";
import { Namespaces } from "./namespaces.ts";

/** A machine on a fabric: a network namespace of its own. */
export interface FabricMember {
  readonly name: string;
  readonly namespace: string;
  readonly ip: string;
}

/** From whom, to whom: one direction. */
export type Path = readonly [from: FabricMember, to: FabricMember];

/**
 * A network of its own for one test: every member is a namespace, joined to a router by a cable (veth). The router
 * drops what is cut, silently and by direction and pair, as a broken network does: nobody is told. Needs root and
 * `ip` only: cuts are routing rules of the router. Its addresses, 10.77.x.2, exist nowhere else.
 */
export class Fabric {
  readonly #namespaces = new Namespaces();
  readonly #router: string;
  readonly #members: FabricMember[] = [];
  readonly #cuts = new Set<string>();

  constructor() {
    try {
      this.#router = this.#namespaces.add("router");
      this.#set("net/ipv4/ip_forward", "1");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get members(): readonly FabricMember[] {
    return this.#members;
  }

  /** Joins one more. */
  add(name: string): FabricMember {
    const number = this.#members.length + 1;
    const namespace = this.#namespaces.add(name);
    const [own, gateway, cable] = [`10.77.${number}.2`, `10.77.${number}.1`, cableOf(number)];
    ip(["-n", this.#router, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
    batch(this.#router, [`address add ${gateway}/24 dev ${cable}`, `link set ${cable} up`]);
    batch(namespace, [`address add ${own}/24 dev eth0`, "link set eth0 up", `route add default via ${gateway}`]);
    const member = { name, namespace, ip: own };
    this.#members.push(member);
    return member;
  }

  /** From now on nothing gets through on these paths; cut ones stay cut. */
  cut(...paths: readonly Path[]): void {
    const added = paths.map(pathKey).filter((key) => !this.#cuts.has(key));
    for (const key of added) this.#cuts.add(key);
    batch(
      this.#router,
      added.map((key) => `rule add ${key}`),
    );
  }

  /** Mends these paths; without any, all. */
  heal(...paths: readonly Path[]): void {
    const keys = paths.length === 0 ? [...this.#cuts] : paths.map(pathKey).filter((key) => this.#cuts.has(key));
    for (const key of keys) this.#cuts.delete(key);
    batch(
      this.#router,
      keys.map((key) => `rule delete ${key}`),
    );
  }

  /**
   * Holds up every packet to and from a member by half of `roundTripMs` each way; 0 ends that. Throws where the kernel
   * has no netem (package kmod and module sch_netem).
   */
  delay(member: FabricMember, roundTripMs: number): void {
    const number = this.#members.indexOf(member) + 1;
    const ends = [
      [this.#router, cableOf(number)],
      [member.namespace, "eth0"],
    ] as const;
    for (const [namespace, device] of ends) {
      const args =
        roundTripMs > 0
          ? ["qdisc", "replace", "dev", device, "root", "netem", "delay", `${roundTripMs / 2}ms`]
          : ["qdisc", "delete", "dev", device, "root"];
      const [command, ...rest] = within(namespace, ["tc", ...args]);
      const { status, stderr } = spawnSync(command, rest, { encoding: "utf8" });
      if (status !== 0) throw new Error(`no delay here: tc ${args.join(" ")}: ${stderr.trim()}`);
    }
  }

  /** Ends every process in it, and itself. */
  close(): void {
    this.#namespaces.close();
  }

  #set(key: string, value: string): void {
    const script = `process.getBuiltinModule("fs").writeFileSync(${JSON.stringify(`/proc/sys/${key}`)}, "${value}")`;
    const [command, ...args] = within(this.#router, [process.execPath, "-e", script]);
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`cannot set ${key}: ${stderr}`);
  }
}

const cableOf = (number: number): string => `v${number}`;

const pathKey = ([from, to]: Path): string => `from ${from.ip} to ${to.ip} blackhole`;

/** Several changes by one run of `ip`. */
const batch = (namespace: string, lines: readonly string[]): void => {
  if (lines.length > 0) ip(["-n", namespace, "-batch", "-"], `${lines.join("\n")}\n`);
};
