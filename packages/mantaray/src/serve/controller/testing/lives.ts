import type { DeployConfig } from "../../config/index.ts";
import { deleteApps } from "../state/deploy-apps.ts";
import { oneApp, type Simulation } from "./simulation.ts";

/** A scripted life of a Serve instance, and what must be true of it whatever happens to its controller. */
export interface Life {
  readonly name: string;
  /** Workers at the start; the head has no CPUs. */
  readonly nodes: number;
  /** Brings the world to where the interesting part begins. The controller is not killed in it. */
  readonly before: (simulation: Simulation) => Promise<void>;
  /** The part in which the controller is killed at each step. */
  readonly run: (simulation: Simulation) => Promise<void>;
  /** Replicas that live in the end. */
  readonly replicas: number;
  /** Replicas that serve all the time in `run`: no snapshot holds fewer. */
  readonly least: number;
  /** Starts on top of those without a crash that are no fault: attempts of a version that does not start. */
  readonly extraStarts: number;
  /** Routes that every snapshot of `run` holds. */
  readonly routes: number;
}

const upTo = async (simulation: Simulation, count: number, config: DeployConfig): Promise<void> => {
  await simulation.deploy(config);
  await simulation.until("healthy", () => simulation.isHealthy(count) && isBuilt(simulation));
};

const isBuilt = (simulation: Simulation): boolean =>
  simulation.controller.store.state.apps.get("default")?.build.state === "done";

const onlyRuns = (simulation: Simulation, bundle: string): boolean => [...simulation.versionsLive()].join() === bundle;

const nothing = (): Promise<void> => Promise.resolve();

/** Everything that a controller does to the world happens in one of these. */
export const lives: readonly Life[] = [
  {
    name: "a first deploy",
    nodes: 2,
    before: nothing,
    run: (simulation) => upTo(simulation, 3, oneApp({ num_replicas: 3 })),
    replicas: 3,
    least: 0,
    extraStarts: 0,
    routes: 0,
  },
  {
    name: "an upgrade",
    nodes: 2,
    before: (simulation) => upTo(simulation, 3, oneApp({ num_replicas: 3 })),
    run: async (simulation) => {
      simulation.bundle = "b2";
      await simulation.deploy(oneApp({ num_replicas: 3 }));
      await simulation.until("upgraded", () => simulation.isHealthy(3) && onlyRuns(simulation, "b2"));
    },
    replicas: 3,
    least: 3,
    extraStarts: 0,
    routes: 1,
  },
  {
    name: "a change of settings",
    nodes: 2,
    before: (simulation) => upTo(simulation, 3, oneApp({ num_replicas: 3 })),
    run: async (simulation) => {
      await simulation.deploy(oneApp({ num_replicas: 3, user_config: { price: 2 } }));
      await simulation.until("changed", () => simulation.isHealthy(3) && new Set(simulation.reconfigured).size === 3);
    },
    replicas: 3,
    least: 3,
    extraStarts: 0,
    routes: 1,
  },
  {
    name: "a scale up and down",
    nodes: 3,
    before: (simulation) => upTo(simulation, 2, oneApp({ num_replicas: 2 })),
    run: async (simulation) => {
      await upTo(simulation, 5, oneApp({ num_replicas: 5 }));
      await upTo(simulation, 2, oneApp({ num_replicas: 2 }));
    },
    replicas: 2,
    least: 2,
    extraStarts: 0,
    routes: 1,
  },
  {
    name: "a deploy that fails and goes back, then one that does not",
    nodes: 2,
    before: (simulation) => upTo(simulation, 2, oneApp({ num_replicas: 2 })),
    run: async (simulation) => {
      simulation.behaviour = (spec) => ({
        startMs: 50,
        startError: JSON.stringify(spec.entry.args).includes('"b2"') ? "no model" : undefined,
        stopMs: 20,
      });
      simulation.bundle = "b2";
      await simulation.deploy(oneApp({ num_replicas: 2 }));
      await simulation.until("given up", () => statusOf(simulation) === "DEPLOY_FAILED" && onlyRuns(simulation, "b1"));
      simulation.bundle = "b3";
      await simulation.deploy(oneApp({ num_replicas: 2 }));
      await simulation.until("upgraded", () => simulation.isHealthy(2) && onlyRuns(simulation, "b3"));
    },
    replicas: 2,
    least: 2,
    // A new controller counts its attempts from the beginning.
    extraStarts: 6,
    routes: 1,
  },
  {
    name: "the end of an application",
    nodes: 2,
    before: (simulation) => upTo(simulation, 2, oneApp({ num_replicas: 2 })),
    run: async (simulation) => {
      await simulation.commit((state) => deleteApps(state, ["default"]));
      await simulation.until("gone", () => simulation.controller.store.state.apps.size === 0, 30_000);
      await simulation.until("only the head's proxy is left", () => proxies(simulation) === 1);
    },
    replicas: 0,
    least: 0,
    extraStarts: 0,
    routes: 0,
  },
  {
    name: "the end of Serve",
    nodes: 2,
    before: (simulation) => upTo(simulation, 2, oneApp({ num_replicas: 2 })),
    run: async (simulation) => {
      const { cluster } = simulation;
      for (let passedMs = 0; passedMs < 5_000 && !simulation.shutdown.begun; passedMs += 500) {
        simulation.shutdown.begin().catch(() => undefined);
        await simulation.clock.advance(500);
      }
      await simulation.until("gone", () => cluster.live("").length === 0 && cluster.kv.size === 0, 30_000);
    },
    replicas: 0,
    least: 0,
    extraStarts: 0,
    routes: 0,
  },
  {
    name: "a node that drains",
    nodes: 3,
    before: (simulation) => upTo(simulation, 3, oneApp({ num_replicas: 3 })),
    run: async (simulation) => {
      const [, leaving] = simulation.cluster.nodes.keys();
      if (leaving === undefined) return;
      simulation.cluster.drainNode(leaving, 120_000);
      await simulation.until("moved", () => !simulation.cluster.live("").some((actor) => actor.nodeId === leaving));
      await simulation.until("healthy", () => simulation.isHealthy(3));
    },
    replicas: 3,
    least: 3,
    extraStarts: 0,
    routes: 1,
  },
  {
    name: "a node that is lost and another that joins",
    nodes: 2,
    before: (simulation) => upTo(simulation, 4, oneApp({ num_replicas: 4 })),
    run: async (simulation) => {
      const [, lost] = simulation.cluster.nodes.keys();
      if (lost !== undefined) simulation.cluster.killNode(lost);
      await simulation.until("healthy", () => simulation.isHealthy(4));
      simulation.cluster.addNode({ cpus: 16 });
      await simulation.until("spread", () => simulation.isHealthy(4) && proxies(simulation) === 3);
    },
    replicas: 4,
    least: 2,
    extraStarts: 0,
    routes: 1,
  },
];

const statusOf = (simulation: Simulation): string | undefined =>
  simulation.controller.store.state.apps.get("default")?.deployments.get("D")?.status.status;

const proxies = (simulation: Simulation): number => simulation.cluster.live("SERVE_CONTROLLER_ACTOR:").length;
