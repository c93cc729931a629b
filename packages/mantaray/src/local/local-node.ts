import type { Clock, Timer } from "../base/clock.ts";
import {
  listLocalNodes,
  type NodeHandle,
  type NodeOptions,
  startNode,
  stopLocalNode,
  sweepOrphans,
} from "../node/index.ts";

/** A node that is started again after this long when it dies: time to see that it is gone. */
const restartDelayMs = 1_000;

/** What a local node tells its cluster. */
export interface LocalNodeEvents {
  onLost(node: LocalNode, exit: string): void;
  onRestarted(node: LocalNode): void;
}

/** How a local node is started and kept. */
export interface LocalNodeOptions {
  readonly name: string;
  readonly node: NodeOptions;
  readonly tempDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Start the node again when it dies, as a kubelet would. */
  readonly keep: boolean;
  readonly clock: Clock;
}

/** One node of a local cluster: the process of its agent, started again when it dies. */
export class LocalNode {
  readonly name: string;
  readonly #options: LocalNodeOptions;
  readonly #events: LocalNodeEvents;
  #process: NodeHandle | undefined;
  #restart: Timer | undefined;
  #stopping = false;
  #held = false;
  #ready = false;
  #starting: Promise<NodeHandle> | undefined;

  constructor(options: LocalNodeOptions, events: LocalNodeEvents) {
    this.name = options.name;
    this.#options = options;
    this.#events = events;
  }

  /** Pid of the node's agent; undefined while it is down. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Id of the node's present life; each start is a new node. */
  get nodeId(): string | undefined {
    return this.#process?.nodeId;
  }

  get ip(): string {
    return this.#options.node.nodeIpAddress ?? "127.0.0.1";
  }

  get head(): boolean {
    return this.#options.node.head ?? false;
  }

  /** Starts the agent; resolves when it is ready (a head: its control store answers). */
  async start(): Promise<void> {
    const { node, env } = this.#options;
    this.#ready = false;
    this.#starting = startNode(node, { env });
    const spawned = await this.#starting;
    this.#process = spawned;
    void spawned.exited.then((exit) => this.#onExit(spawned, exit));
    await spawned.ready;
    this.#ready = true;
  }

  /** Ends the node in order, without moving anything to others, then by force after `graceMs`. Does not come back. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    // One that is just being started is there in a moment; one that could not be is not.
    await this.#starting?.catch(() => undefined);
    const spawned = this.#process;
    if (spawned === undefined) return;
    // A node that is not up yet holds nothing that must end in order, and may wait for others that never come.
    spawned.kill(this.#ready ? "SIGINT" : "SIGKILL");
    const force = this.#options.clock.after(graceMs, () => spawned.kill("SIGKILL"));
    await spawned.exited;
    force.cancel();
    sweepOrphans(this.#tempDir);
  }

  /** From now on it stays down when it dies, until `release`. */
  hold(): void {
    this.#held = true;
    this.#restart?.cancel();
  }

  /** Starts it again, if it is down, and whenever it dies. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (this.#process === undefined && !this.#stopping) void this.#startAgain();
  }

  /** SIGTERM to the agent: it leaves in order, and comes back as after any end. */
  terminate(): void {
    this.#process?.kill("SIGTERM");
  }

  /** SIGKILL to the agent alone: its processes notice and leave. */
  killAgent(): void {
    this.#process?.kill("SIGKILL");
  }

  /** SIGKILL to every process of the node at once, as when a machine loses its power. */
  async killAll(): Promise<void> {
    const found = listLocalNodes(this.#tempDir).find((node) => node.nodeId === this.nodeId);
    if (found !== undefined) await stopLocalNode(found, { tempDir: this.#tempDir, graceMs: 0, force: true });
  }

  #onExit(spawned: NodeHandle, exit: Awaited<NodeHandle["exited"]>): void {
    if (this.#process === spawned) this.#process = undefined;
    if (this.#stopping) return;
    this.#events.onLost(this, exit.signal ?? `code ${exit.exitCode}`);
    if (this.#options.keep && !this.#held)
      this.#restart = this.#options.clock.after(restartDelayMs, () => void this.#startAgain());
  }

  async #startAgain(): Promise<void> {
    sweepOrphans(this.#tempDir);
    try {
      await this.start();
      this.#events.onRestarted(this);
    } catch {
      // Its exit has been reported, and scheduled the next try.
    }
  }

  get #tempDir(): string {
    return this.#options.tempDir;
  }
}
