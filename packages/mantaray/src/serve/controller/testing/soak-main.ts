/** Program: redeploys and deaths without end, with the heap measured between rounds. Needs `--expose-gc`. */
import { randomBelow } from "../../../base/random.ts";
import { oneApp, Simulation } from "./simulation.ts";

/** What the program prints. */
export interface SoakResult {
  readonly redeploys: number;
  readonly deaths: number;
  /** Heap in use after a collection, MB, at the end of each round. */
  readonly heapMb: readonly number[];
  readonly violations: readonly string[];
}

const rounds = 10;
const redeploysPerRound = 100;
const deathsPerRedeploy = 10;
const replicas = 5;

const collect = globalThis.gc;
if (collect === undefined) throw new Error("this program needs --expose-gc");

const simulation = new Simulation(5);
simulation.cluster.addNode({ cpus: 0, isHead: true });
for (let node = 0; node < 3; node += 1) simulation.cluster.addNode({ cpus: 16 });
simulation.behaviour = () => ({ startMs: 10, startError: undefined, stopMs: 10 });
await simulation.start();

let deaths = 0;
const heapMb: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  for (let index = 0; index < redeploysPerRound; index += 1) {
    simulation.bundle = `bundle-${round}-${index}`;
    await simulation.deploy(oneApp({ num_replicas: replicas, user_config: { round, index } }));
    await simulation.until(
      "rolled out",
      () => simulation.isHealthy(replicas) && [...simulation.versionsLive()].join() === simulation.bundle,
    );
    for (let died = 0; died < deathsPerRedeploy; died += 1) {
      const live = simulation.cluster.live();
      const victim = live[randomBelow(simulation.random, live.length)];
      if (victim === undefined) continue;
      simulation.cluster.die(victim.actorId, { kind: "KILLED", message: `death ${deaths}` });
      deaths += 1;
      await simulation.until("replaced", () => simulation.isHealthy(replicas));
    }
    simulation.cluster.forgetDead();
  }
  await simulation.clock.advance(60_000);
  simulation.crashes.done.length = 0;
  collect();
  heapMb.push(process.memoryUsage().heapUsed / 2 ** 20);
}
const result: SoakResult = { redeploys: rounds * redeploysPerRound, deaths, heapMb, violations: simulation.violations };
process.stdout.write(`${JSON.stringify(result)}\n`);
