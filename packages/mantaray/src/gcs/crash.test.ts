import { describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import type { FakeAgent } from "./fixtures/fake-agent.ts";
import { type Death, FlakyStore } from "./fixtures/flaky-store.ts";
import { ScriptedLife } from "./fixtures/scripted-life.ts";
import { TestCluster, type TestGcs } from "./fixtures/test-cluster.ts";

/** What is left when the life is over. */
interface Outcome {
  readonly problems: string[];
  /** The control store died on the way. */
  readonly died: boolean;
}

const liveWithDeath = async (write: number, when: Death["when"]): Promise<Outcome> => {
  const store = await FlakyStore.open(systemClock);
  const cluster = new TestCluster();
  try {
    const view = store.view();
    let died = false;
    let present: Promise<TestGcs>;
    const onDeath = (): void => {
      died = true;
      present = first.running
        .close()
        .then(() => cluster.start(store.view(), { address: first.address, holder: "head" }));
    };
    const first = await cluster.start(view, { holder: "head" });
    present = Promise.resolve(first);
    view.death = { write, when, onDeath };
    const agents: FakeAgent[] = [];
    // A node whose registration is not answered comes again.
    for (const isHead of [true, false, false]) agents.push(await cluster.agent(first.address, { isHead }));
    const life = new ScriptedLife(first.address, agents, async () => void (await present));
    const stable = await life.run();
    const last = await present;
    await settled(last, agents, store);
    return { died, problems: await problemsOf({ gcs: last, agents, store, stable }) };
  } finally {
    await cluster.close();
  }
};

/** Nothing is under way any more. */
const settled = (last: TestGcs, agents: readonly FakeAgent[], store: FlakyStore): Promise<boolean> =>
  waitFor(
    async () => {
      const [{ actors }, stored] = await Promise.all([last.gcs.listActors({}), store.load()]);
      const live = actors.filter(({ state }) => state !== "DEAD").length;
      const hosted = agents.reduce((sum, agent) => sum + agent.actors.size, 0);
      const routed = agents.slice(0, 2).every(({ routing }) => routing?.version === 2);
      return live === 2 && hosted === 2 && routed && stored.actors.length === actors.length;
    },
    { timeoutMs: 5_000, what: "the cluster to come to rest" },
  ).catch(() => false);

interface End {
  readonly gcs: TestGcs;
  readonly agents: readonly FakeAgent[];
  readonly store: FlakyStore;
  readonly stable: string;
}

/** Everything that is not as if nothing had happened. */
const problemsOf = async ({ gcs: { gcs }, agents, store, stable }: End): Promise<string[]> => {
  const problems: string[] = [];
  const check = (isTrue: boolean, problem: string): void => {
    if (!isTrue) problems.push(problem);
  };
  const { actors } = await gcs.listActors({});
  const live = actors.filter(({ state }) => state !== "DEAD");
  const named = live.map(({ spec, state }) => `${spec.name} ${state}`).toSorted();
  check(named.join() === "controller ALIVE,three ALIVE", `lives: ${named.join()}`);
  for (const { actorId, nodeId, pid, spec } of live) {
    const hosts = agents.filter((agent) => agent.actors.has(actorId));
    check(hosts.length === 1 && hosts[0]?.nodeId === nodeId, `${spec.name} is on ${hosts.length} nodes`);
    check(hosts[0]?.actors.get(actorId)?.pid === pid, `${spec.name} has another pid`);
  }
  check(agents.reduce((sum, agent) => sum + agent.actors.size, 0) === 2, "an agent has what nobody knows");
  const launches = agents.flatMap((agent) => agent.launches);
  check(launches.filter((actorId) => actorId === stable).length === 1, "the healthy actor was started again");
  const former = actors.find(({ spec, state }) => spec.name === "controller" && state === "DEAD");
  check(former?.restarts === 1, `the controller was restarted ${former?.restarts} times`);
  check(launches.filter((actorId) => actorId === former?.actorId).length === 2, "the controller's processes");
  check(actors.length === 5, `there are ${actors.length} rows`);
  for (const { routings, nodeId } of agents) {
    const isRising = routings.every((version, index) => index === 0 || version >= (routings[index - 1] ?? 0));
    check(isRising, `node ${nodeId} heard snapshots ${routings.join()}`);
  }
  const tables = await store.load();
  check(tables.routing?.version === 2, "the routing snapshot is lost");
  const values = tables.kv.map(({ key, value }) => `${key}=${value[0]}`);
  check(values.join() === "checkpoint=2", `keys: ${values.join()}`);
  const states = tables.nodes.map(({ state }) => state).toSorted();
  check(states.join() === "ALIVE,ALIVE,DEAD", `nodes: ${states.join()}`);
  return problems;
};

describe("a control store that dies at any one of its writes", () => {
  it.each(["before", "after"] as const)(
    "%s the store has it, and starts again, leaves the cluster as if nothing had happened",
    async (when) => {
      const failed: Record<number, string[]> = {};
      let write = 1;
      for (; ; write += 1) {
        const { problems, died } = await liveWithDeath(write, when);
        if (problems.length > 0) failed[write] = problems;
        if (!died) break;
      }
      expect(failed).toEqual({});
      expect(write).toBeGreaterThan(15);
    },
    240_000,
  );
});
