import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { actorRecord, nodeRecord } from "../actor/fixtures/fake-cluster.ts";
import type { ActorId } from "../base/ids.ts";
import {
  FakeController,
  startTestDashboard,
  type TestDashboard,
  testToken,
} from "../dashboard/fixtures/test-dashboard.ts";
import { type CommandResult, runManta } from "./fixtures/run-manta.ts";

interface TestCluster extends TestDashboard {
  readonly controller: FakeController;
  readonly manta: (args: readonly string[], input?: string) => Promise<CommandResult>;
}

const start = async (): Promise<TestCluster> => {
  const dashboard = await startTestDashboard();
  const { fake, port } = dashboard;
  const controller = new FakeController();
  const actor = actorRecord(
    { className: "ServeController", name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" },
    { actorId: "3281133ee86534e3b707190b01000000" as ActorId, pid: 49914 },
  );
  fake.actors = [actor];
  fake.nodes = [nodeRecord({ isHead: true, labels: { "ray.io/node-group": "headgroup" } })];
  await controller.startOn(fake, actor);
  const env = {
    RAY_AUTH_TOKEN: testToken,
    RAY_ADDRESS: fake.address,
    RAY_API_SERVER_ADDRESS: `http://127.0.0.1:${port}`,
    RAY_DASHBOARD_ADDRESS: `127.0.0.1:${port}`,
  };
  return { ...dashboard, controller, manta: (args, input = "") => runManta(args, { env, input }) };
};

describe("the State commands", () => {
  it("list prints the table", async () => {
    const { manta } = await start();
    const { code, stdout } = await manta(["list", "actors", "-f", "class_name=ServeController", "-f", "state!=DEAD"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\n={8} List: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} ={8}\nStats:\n-{30}\nTotal: 1\n\nTable:\n-{30}\n/,
    );
    expect(stdout).toContain(
      " 0  3281133ee86534e3b707190b01000000  ServeController  ALIVE    01000000  SERVE_CONTROLLER_ACTOR             49914  serve\n",
    );
  });

  it("list prints JSON, and YAML for the detail", async () => {
    const { manta } = await start();
    const json = await manta(["list", "nodes", "--format", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ node_ip: "127.0.0.1", is_head_node: true }]);
    const yaml = await manta(["list", "actors", "--detail"]);
    expect(yaml.stdout).toMatch(/^---\n- {3}actor_id: 3281133ee86534e3b707190b01000000\n/);
    expect(yaml.stdout).toContain("num_restarts: 0");
  });

  it("list says when the limit hid something", async () => {
    const { manta, fake } = await start();
    fake.actors.push(actorRecord({ className: "A" }));
    expect((await manta(["list", "actors", "--limit", "1"])).stderr).toMatch(/^1 of 2 entries: .*--limit\n$/);
  });

  it("list passes the server's refusal on in one line", async () => {
    const { manta } = await start();
    const { code, stderr } = await manta(["list", "actors", "-f", "colour=red"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^manta: cannot filter by "colour"; columns are actor_id[^\n]*\n$/);
  });

  it("get prints one entry, and fails for none", async () => {
    const { manta } = await start();
    expect((await manta(["get", "actors", "3281133ee86534e3b707190b01000000"])).stdout).toContain("pid: 49914\n");
    const missing = await manta(["get", "nodes", "x"]);
    expect([missing.code, missing.stdout]).toEqual([1, ""]);
  });

  it("summary prints the counts", async () => {
    const { manta } = await start();
    const { stdout } = await manta(["summary", "actors"]);
    expect(stdout).toContain("total_actors: 1\n\n\nTable (group by class):\n");
    expect(stdout).toContain("0   ServeController  ALIVE: 1\n");
  });

  it("print nothing that a terminal would obey", async () => {
    const { manta, fake } = await start();
    fake.actors = [actorRecord({ className: "A\u001b]0;owned\u0007", name: "x\u001b[2J\u009b1m" })];
    const printed = await Promise.all([
      manta(["list", "actors"]),
      manta(["list", "actors", "--format", "json"]),
      manta(["summary", "actors"]),
    ]);
    for (const { stdout } of printed) expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("refuse to go on with the wrong token, and say what to do", async () => {
    const { port } = await start();
    const env = { RAY_AUTH_TOKEN: "wrong", RAY_API_SERVER_ADDRESS: `http://127.0.0.1:${port}` };
    const { code, stderr } = await runManta(["list", "actors"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain("refused the token: set RAY_AUTH_TOKEN");
  });
});

describe("commands that speak to the control store", () => {
  it("kill actor ends it for good or to restart", async () => {
    const { manta, fake } = await start();
    const { code, stdout } = await manta(["kill", "actor", "SERVE_CONTROLLER_ACTOR", "--no-restart"]);
    expect(code).toBe(0);
    expect(stdout).toBe("Killed actor SERVE_CONTROLLER_ACTOR (3281133ee86534e3b707190b01000000, pid 49914).\n");
    await manta(["kill", "actor", "SERVE_CONTROLLER_ACTOR"]);
    expect(fake.kills.map((kill) => kill.noRestart)).toEqual([true, false]);
  });

  it("kill actor names what it did not find", async () => {
    const { manta } = await start();
    const { code, stderr } = await manta(["kill", "actor", "NOBODY", "--namespace", "other"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^manta: [^\n]*NOBODY[^\n]*\n$/);
  });

  it("health-check is silent and 0", async () => {
    const { manta, fake } = await start();
    expect(await manta(["health-check"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await manta(["health-check", "--address", fake.address])).code).toBe(0);
  });

  it("status prints the reference's report", async () => {
    const { manta, fake } = await start();
    fake.usage = { [fake.nodes[0]?.nodeId ?? ""]: { CPU: 0.5 } };
    fake.pending = [{ CPU: 2 }, { CPU: 2 }];
    const { stdout } = await manta(["status"]);
    const [header = ""] = stdout.split("\n");
    const rule = "-".repeat(header.length);
    expect(stdout).toBe(`${header}
Node status
${rule}
Active:
 (no active nodes)
Idle:
 1 headgroup
Pending:
 (no pending nodes)
Recent failures:
 (no failures)

Resources
${rule}
Usage:
 0.5/4.0 CPU

Demands:
 {'CPU': 2.0}: 2+ pending tasks/actors
`);
    expect((await manta(["status", "-v"])).stdout).toContain("Total Usage:\n 0.5/4.0 CPU");
  });
});

const tempFile = (name: string, text: string): string => {
  const dir = mkdtempSync(join(tmpdir(), "manta-cli-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe("serve", () => {
  it("deploys a config file, or an import path with arguments", async () => {
    const { manta, controller } = await start();
    const file = tempFile("serve.yaml", "applications:\n- name: fruit\n  import_path: fruit.deployment_graph\n");
    const { code, stdout } = await manta(["serve", "deploy", file]);
    expect(code).toBe(0);
    expect(stdout).toContain("\nSent deploy request successfully.\n");
    await manta(["serve", "deploy", "fruit:app", "size=3", "--name", "fruit", "--route-prefix", "/fruit"]);
    expect(controller.deployed).toEqual([
      { applications: [{ name: "fruit", import_path: "fruit.deployment_graph" }] },
      { applications: [{ name: "fruit", route_prefix: "/fruit", import_path: "fruit:app", args: { size: "3" } }] },
    ]);
  });

  it("names the line of a YAML error", async () => {
    const { manta } = await start();
    const { code, stderr } = await manta(["serve", "deploy", tempFile("serve.yaml", "applications:\n  - a: [1\n")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/serve\.yaml: .* line \d/);
  });

  it("shows the status and the config of what is deployed", async () => {
    const { manta, controller } = await start();
    expect((await manta(["serve", "config"])).stdout).toBe("No configuration was found.\n");
    const app = {
      name: "fruit",
      route_prefix: "/",
      docs_path: null,
      status: "RUNNING",
      message: "",
      last_deployed_time_s: 1.5,
      source: "declarative",
      deployments: {},
      external_scaler_enabled: false,
      deployment_topology: null,
    };
    controller.details = {
      controller_info: {},
      proxies: {},
      target_capacity: null,
      applications: {
        fruit: { ...app, deployed_app_config: { name: "fruit", import_path: "fruit:app" } },
        other: { ...app, name: "other", deployed_app_config: { name: "other", import_path: "other:app" } },
      },
    };
    expect((await manta(["serve", "config"])).stdout).toBe(
      "name: fruit\nimport_path: fruit:app\n\n---\n\nname: other\nimport_path: other:app\n",
    );
    expect((await manta(["serve", "config", "-n", "other"])).stdout).toBe("name: other\nimport_path: other:app\n");
    expect((await manta(["serve", "status", "-n", "fruit"])).stdout).toContain("status: RUNNING\n");
    expect((await manta(["serve", "status", "-n", "none"])).code).toBe(1);
  });

  it("starts without deleting what runs", async () => {
    const { manta, controller } = await start();
    await manta(["serve", "start", "--http-port", "8001", "--proxy-location", "HeadOnly"]);
    expect(controller.deployed).toEqual([
      { proxy_location: "HeadOnly", http_options: { port: 8001 }, applications: [] },
    ]);
  });

  it("asks before it shuts down, unless told not to", async () => {
    const { manta, controller } = await start();
    expect((await manta(["serve", "shutdown"], "n\n")).code).toBe(1);
    expect((await manta(["serve", "shutdown"])).code).toBe(1);
    expect(controller.shutdowns).toBe(0);
    const { stdout } = await manta(["serve", "shutdown", "-y"]);
    expect(stdout).toBe("Sent shutdown request; applications will be deleted asynchronously.\n");
    expect((await manta(["serve", "shutdown"], "y\n")).code).toBe(0);
    expect(controller.shutdowns).toBe(2);
  });
});
