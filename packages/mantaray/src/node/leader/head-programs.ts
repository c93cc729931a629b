import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import { gcsService } from "../../protocol/gcs.ts";
import { PersistentLink, persistentClient } from "../../rpc/index.ts";
import { nodeLimits } from "../limits.ts";
import type { ResolvedNodeOptions } from "../options.ts";
import type { Child } from "../supervise/child-process.ts";
import { Supervisor } from "../supervise/supervisor.ts";
import { pingHttp, type WatchedProgram } from "../watched-programs.ts";

/** What the programs of a head need. */
export interface HeadProgramsDeps {
  readonly options: ResolvedNodeOptions;
  readonly token: string;
  readonly spawnGcs: () => Child;
  readonly spawnSpareGcs: () => Child;
  readonly spawnDashboard: () => Child;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The control store, leading or standing by, and the API server of a node: kept running, and asked whether they still answer. */
export class HeadPrograms {
  readonly gcs: Supervisor;
  readonly dashboard: Supervisor;
  readonly #deps: HeadProgramsDeps;
  /** To our own control store, whoever leads. */
  readonly #link: PersistentLink;

  constructor(deps: HeadProgramsDeps) {
    const { options, token, clock, random, log, spawnGcs, spawnSpareGcs, spawnDashboard } = deps;
    this.#deps = deps;
    this.gcs = new Supervisor({ name: "gcs", spawn: spawnGcs, spawnSpare: spawnSpareGcs, clock, random, log });
    this.dashboard = new Supervisor({ name: "dashboard", spawn: spawnDashboard, clock, random, log });
    this.#link = new PersistentLink({
      addresses: () => [options.ownGcsAddress],
      token,
      identity: { role: "agent", id: options.nodeId },
      log,
      clock,
      random,
    });
  }

  /** Whether our control store's process says that it listens. */
  get listens(): boolean {
    return this.gcs.child?.hasSpoken === true;
  }

  /** What the watchdog asks. */
  get watched(): readonly WatchedProgram[] {
    const { dashboardHost, dashboardPort } = this.#deps.options;
    const gcs = persistentClient(this.#link, gcsService);
    return [
      { child: this.gcs.child, ping: () => gcs.ping({}, { timeoutMs: nodeLimits.programPingTimeoutMs }) },
      { child: this.dashboard.child, ping: () => pingHttp(dashboardHost, dashboardPort) },
    ];
  }

  /** Waits, in a bound, until our control store listens: dialling before only makes the back-off grow. */
  async untilListening(): Promise<void> {
    const { clock } = this.#deps;
    const look = { clock, timeoutMs: nodeLimits.gcsLookMaxMs, intervalMs: nodeLimits.gcsLookMs };
    await waitFor(() => this.listens, { ...look, what: "the control store" }).catch(() => undefined);
  }

  close(): void {
    this.#link.close();
  }
}
