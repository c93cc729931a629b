import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { encodeCheckpoint } from "./state/checkpoint.ts";
import { CrashPlan, type Death } from "./testing/crash-plan.ts";
import { type Life, lives } from "./testing/lives.ts";
import { Simulation } from "./testing/simulation.ts";

interface Outcome {
  readonly simulation: Simulation;
  /** What the controller did to the world in the part that counts. */
  readonly done: readonly string[];
  /** Replicas that were started in it. */
  readonly started: number;
}

const live = async (life: Life, plan: CrashPlan, seed = 11): Promise<Outcome> => {
  const simulation = new Simulation(seed);
  simulation.cluster.addNode({ cpus: 0, isHead: true });
  for (let node = 0; node < life.nodes; node += 1) simulation.cluster.addNode({ cpus: 16 });
  await simulation.start();
  await life.before(simulation);
  await simulation.clock.advance(15_000);
  simulation.minServing.set("default#D", life.least);
  simulation.minRoutes = life.routes;
  const created = simulation.cluster.created.length;
  simulation.crashes = plan;
  await life.run(simulation);
  await simulation.clock.advance(5_000);
  const started = simulation.cluster.created.slice(created).filter((name) => name.startsWith("SERVE_REPLICA")).length;
  return { simulation, done: simulation.crashes.done, started };
};

/** What people asked for, without times and counts of attempts. */
const targetOf = (simulation: Simulation): unknown => {
  const text = Buffer.from(encodeCheckpoint(simulation.controller.store.state)).toString("utf8");
  return JSON.parse(text, (key, value: unknown) =>
    key === "deployedAtMs" || key === "generation" || key === "message" || key === "trigger" ? 0 : value,
  );
};

describe("a controller that dies at any of its acts", () => {
  it.each(lives)(
    "in $name is followed by one that ends it, as if nothing had been",
    async (life) => {
      const smooth = await live(life, new CrashPlan());
      expect(smooth.simulation.violations).toEqual([]);
      expect(smooth.done.length).toBeGreaterThan(3);
      const failures: string[] = [];
      for (let at = 0; at < smooth.done.length; at += 1) {
        for (const when of ["before", "after"] as const) {
          const where = `${when} act ${at} (${smooth.done[at]})`;
          const { simulation, started } = await live(life, new CrashPlan((index) => (index === at ? when : undefined)));
          const { cluster, violations, crashed } = simulation;
          if (crashed !== 1) failures.push(`${where}: died ${crashed} times`);
          for (const violation of violations) failures.push(`${where}: ${violation}`);
          if (started > smooth.started + life.extraStarts)
            failures.push(`${where}: ${started} starts, not ${smooth.started}`);
          const left = cluster.live().length;
          if (left !== life.replicas) failures.push(`${where}: ${left} replicas live in the end`);
          const proxies = cluster.live("SERVE_CONTROLLER_ACTOR:").map((actor) => actor.nodeId);
          const wanted = smooth.simulation.cluster.live("SERVE_CONTROLLER_ACTOR:").length;
          if (proxies.length !== wanted) failures.push(`${where}: ${proxies.length} proxies, not ${wanted}`);
          if (JSON.stringify(targetOf(simulation)) !== JSON.stringify(targetOf(smooth.simulation)))
            failures.push(`${where}: another target: ${JSON.stringify(targetOf(simulation))}`);
        }
      }
      expect(failures).toEqual([]);
    },
    120_000,
  );

  it.each(Array.from({ length: 60 }, (_, seed) => seed))("seed %i: dying again and again", async (seed) => {
    const random = seededRandom(seed);
    const life = lives[seed % lives.length] ?? raise();
    const deaths: readonly (Death | undefined)[] = ["before", "after", ...Array<undefined>(8).fill(undefined)];
    const plan = new CrashPlan(() => deaths[Math.floor(random.next() * deaths.length)]);
    const { simulation } = await live(life, plan, seed);
    expect(simulation.violations).toEqual([]);
    expect(simulation.cluster.live()).toHaveLength(life.replicas);
  });
});

const raise = (): never => {
  throw new Error("there are no lives");
};
