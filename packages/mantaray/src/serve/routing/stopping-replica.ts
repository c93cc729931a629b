import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newActorId, newNodeId } from "../../base/ids.ts";
import type { RoutingReplica } from "../../protocol/routing.ts";
import { dial, type Link } from "../../rpc/index.ts";

/** A replica in a process of its own (`stopping-replica-process.ts`), for tests that stop or kill it. */
export class StoppingReplica {
  readonly info: RoutingReplica;
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(process: ChildProcess, directory: string, addresses: RoutingReplica["addresses"]) {
    this.#process = process;
    this.pid = process.pid ?? 0;
    this.#directory = directory;
    const actorId = newActorId();
    const replicaId = `SERVE_REPLICA::app#D#${actorId.slice(0, 8)}`;
    this.info = { replicaId, actorId, nodeId: newNodeId(), addresses };
  }

  static async start(): Promise<StoppingReplica> {
    const directory = mkdtempSync(join(tmpdir(), "manta-replica-"));
    const unix = `unix:${join(directory, "r.sock")}`;
    const child = fork(new URL("stopping-replica-process.ts", import.meta.url), [unix, join(directory, "started")]);
    const tcp = await new Promise<string>((resolve) => child.once("message", (said) => resolve(said as string)));
    return new StoppingReplica(child, directory, { unix, tcp });
  }

  /** What user code began with here: heads and bodies, in order. */
  get started(): string[] {
    try {
      return readFileSync(join(this.#directory, "started"), "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#process.kill(signal);
  }

  end(): void {
    this.signal("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const peer = { token: "", identity: { role: "worker", id: "caller" } };

/** Reaches such replicas as a process of the same node does, or as one of another node. */
export const connectByUnix = ({ addresses }: RoutingReplica): Promise<Link> => dial(addresses.unix, peer);
export const connectByTcp = ({ addresses }: RoutingReplica): Promise<Link> => dial(addresses.tcp, peer);
