import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestCluster, type TestCluster } from "@manta/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoad } from "../../bench/load/load.ts";

const folder = mkdtempSync(join(tmpdir(), "manta-rollout-"));
let test: TestCluster;

/** Answers its version, its config and a variable; takes a moment to start, as real applications do. */
const source = (version: string): string => `
import { setTimeout as pause } from "node:timers/promises";
import { deployment } from "mantaray";
const variable = process.env.TENANT ?? "";
class App {
  config: unknown = null;
  async setup() { await pause(200); ${version === "broken" ? 'throw new Error("no such model");' : ""} }
  reconfigure(config: unknown) { this.config = config; }
  async fetch() {
    await pause(5);
    return { version: ${JSON.stringify(version)}, config: this.config, variable, pid: process.pid };
  }
}
export const app = deployment(App).bind();
`;

const write = (version: string): void => writeFileSync(join(folder, "app.ts"), source(version));

type Options = Readonly<Record<string, unknown>>;

const config = (free: Options = {}, tight: Options = {}, app: Options = {}): unknown => ({
  applications: [
    {
      ...app,
      name: "free",
      route_prefix: "/free",
      import_path: "app:app",
      deployments: [{ name: "App", num_replicas: 3, ray_actor_options: { num_cpus: 0.1 }, ...free }],
    },
    {
      ...app,
      name: "tight",
      route_prefix: "/tight",
      import_path: "app:app",
      deployments: [
        { name: "App", num_replicas: 2, max_replicas_per_node: 1, ray_actor_options: { num_cpus: 0.1 }, ...tight },
      ],
    },
  ],
});

interface Answer {
  readonly version: string;
  readonly config: unknown;
  readonly variable: string;
}

const ask = async (app: string): Promise<Answer> =>
  (await (await fetch(`${test.cluster.url}/${app}`)).json()) as Answer;

const deploy = async (next: unknown): Promise<void> => {
  await test.cluster.api.deploy(next);
  await test.cluster.api.waitRunning(60_000);
};

const pids = async (): Promise<number[]> => {
  const replicas = [...(await test.state.replicas("free", "App")), ...(await test.state.replicas("tight", "App"))];
  return replicas.map(({ pid }) => pid ?? 0).toSorted((left, right) => left - right);
};

/** Runs `work` under load through the front address; every single request must have been answered. */
const underLoad = async (work: () => Promise<void>): Promise<void> => {
  const requests = ["free", "tight"].map((name) => ({ name, path: `/${name}` }));
  const load = createLoad({ url: test.cluster.url, connections: 8, ratePerSecond: 200, requests, timeoutMs: 15_000 });
  load.start();
  try {
    await test.state.until("traffic", async () => load.snapshot().ok > 50);
    await work();
    const sofar = load.snapshot().ok;
    await test.state.until("traffic after it", async () => load.snapshot().ok > sofar + 50);
  } finally {
    const { sent, ok, wrong, statuses, cut, timedOut } = await load.stop();
    expect({ ok, wrong, statuses, cut, timedOut }).toEqual({ ok: sent, wrong: 0, statuses: {}, cut: 0, timedOut: 0 });
  }
};

beforeAll(async () => {
  write("one");
  test = await startTestCluster({ workers: [4, 4], config: config(), appPath: [folder] });
});
afterAll(async () => {
  await test?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a change of settings", () => {
  it.each<[string, Options]>([
    ["user_config", { user_config: { price: 2 } }],
    ["max_ongoing_requests", { user_config: { price: 2 }, max_ongoing_requests: 7 }],
    ["graceful_shutdown_wait_loop_s", { user_config: { price: 2 }, graceful_shutdown_wait_loop_s: 1 }],
    ["health_check_period_s", { user_config: { price: 2 }, health_check_period_s: 5 }],
  ])("%s keeps every process", async (_name, options) => {
    const before = await pids();
    await underLoad(() => deploy(config(options, options)));
    expect(await pids()).toEqual(before);
    for (const app of ["free", "tight"]) expect((await ask(app)).config).toEqual({ price: 2 });
  });
});

describe("a new version", () => {
  it("replaces every process, and not one request fails, with room and without", async () => {
    const before = await pids();
    write("two");
    await underLoad(() => deploy(config()));
    for (const app of ["free", "tight"]) expect((await ask(app)).version).toBe("two");
    const after = await pids();
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(after).toHaveLength(5);
  });

  it("may be other variables: the application's, and the deployment's own over them", async () => {
    const own = { ray_actor_options: { num_cpus: 0.1, runtime_env: { env_vars: { TENANT: "own" } } } };
    await underLoad(() => deploy(config({}, own, { runtime_env: { env_vars: { TENANT: "app" } } })));
    expect((await ask("free")).variable).toBe("app");
    expect((await ask("tight")).variable).toBe("own");
  });

  it("that does not start leaves the old one serving, and says why", async () => {
    const before = await pids();
    write("broken");
    await underLoad(async () => {
      await test.cluster.api.deploy(config());
      await test.state.until("the failure in the status", async () => {
        const { free } = (await test.cluster.api.apps()).applications;
        const message = free?.deployments.App?.message ?? "";
        return message.includes("no such model");
      });
    });
    for (const app of ["free", "tight"]) expect((await ask(app)).version).toBe("two");
    expect((await pids()).filter((pid) => before.includes(pid)).length).toBeGreaterThanOrEqual(3);
  });

  it("that cannot be built leaves everything as it is", async () => {
    writeFileSync(join(folder, "app.ts"), "export const app = nonsense nonsense;");
    const before = await pids();
    await underLoad(async () => {
      await test.cluster.api.deploy(config());
      await test.state.until("the failure in the status", async () =>
        /app\.ts:1:29/.test((await test.cluster.api.apps()).applications.free?.message ?? ""),
      );
    });
    expect((await ask("free")).version).toBe("two");
    expect((await pids()).filter((pid) => before.includes(pid)).length).toBeGreaterThanOrEqual(3);
  });
});
