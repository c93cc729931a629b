import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { newActorId, newNodeId } from "../../base/ids.ts";
import type { ReplicaArgs } from "../../protocol/replica.ts";
import { deploymentKey, type RoutingDeployment, type RoutingSnapshot } from "../../protocol/routing.ts";
import { dial } from "../../rpc/index.ts";
import type { Link } from "../../rpc/types.ts";
import { Builder } from "../build/index.ts";
import type { HostOrder } from "./fixtures/host-replica.ts";
import { openRequest } from "./fixtures/http-opener.ts";

const host = fileURLToPath(new URL("./fixtures/host-replica.ts", import.meta.url));
const examples = fileURLToPath(new URL("../../../../../examples", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "manta-replica-"));
const children: ChildProcess[] = [];
const links: Link[] = [];

beforeAll(() => mkdirSync(join(dir, "app")));
afterAll(async () => {
  for (const link of links) link.close();
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.stdin?.end();
    await once(child, "exit");
  }
  rmSync(dir, { recursive: true, force: true });
});

const socketOf = (deployment: string): string => `unix:${join(dir, `${deployment}.sock`)}`;

/** Builds the application and starts one process for each of its deployments. */
const serve = async (
  searchPath: string,
  importPath: string,
  userConfigs: Readonly<Record<string, unknown>> = {},
): Promise<void> => {
  const builder = new Builder({
    outDir: join(dir, "out"),
    searchPaths: [searchPath],
    clock: systemClock,
    env: process.env,
  });
  const built = await builder.build({ importPath, args: {} });
  if (built.kind !== "built") throw new Error(built.message);
  const app = "app";
  const deployments: Record<string, RoutingDeployment> = {};
  for (const { name } of built.deployments) {
    const replicaId = `SERVE_REPLICA::${app}#${name}#abcd1234`;
    const addresses = { unix: socketOf(name), tcp: "tcp:none:1" };
    deployments[deploymentKey(app, name)] = {
      app,
      deployment: name,
      available: true,
      maxOngoingRequests: 5,
      maxQueuedRequests: -1,
      retryNonIdempotent: false,
      replicas: [{ replicaId, actorId: newActorId(), nodeId: newNodeId(), addresses }],
    };
  }
  const http = { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "" };
  const snapshot: RoutingSnapshot = { version: 1, http, routes: [], deployments };
  await Promise.all(
    built.deployments.map(async ({ name, options }) => {
      const args: ReplicaArgs = {
        replicaId: `SERVE_REPLICA::${app}#${name}#abcd1234`,
        app,
        deployment: name,
        bundleId: built.bundleId,
        exportName: importPath.slice(importPath.lastIndexOf(":") + 1),
        builderArgs: {},
        version: "1",
        userConfig: userConfigs[name] ?? options["user_config"] ?? null,
        maxOngoingRequests: 5,
        shutdownWaitLoopMs: 2_000,
        routePrefix: "/",
      };
      const order: HostOrder = { args, bundlePath: built.path, address: socketOf(name), snapshot };
      const child = spawn(process.execPath, [host, JSON.stringify(order)], { stdio: ["pipe", "pipe", "inherit"] });
      children.push(child);
      await once(child.stdout, "data");
    }),
  );
};

const linkTo = async (deployment: string): Promise<Link> => {
  const link = await dial(socketOf(deployment), { token: "", identity: { role: "worker", id: "test" } });
  links.push(link);
  return link;
};

const post = async (link: Link, value: unknown): Promise<unknown> => {
  const answer = await openRequest(link, { method: "POST", target: "/fruit/", body: JSON.stringify(value) }).answer;
  return [answer.status, answer.body.toString()];
};

describe("a replica in a process of its own", () => {
  it("serves the fruit example, each deployment in another process", async () => {
    await serve(join(examples, "fruit"), "fruit:deployment_graph", { PearStand: { price: 1 } });
    const market = await linkTo("FruitMarket");
    expect(await post(market, ["PEAR", 12])).toEqual([200, "12"]);
    expect(await post(market, ["MANGO", 2])).toEqual([200, "6"]);
    expect(await post(market, ["ORANGE", 2])).toEqual([200, "4"]);
    expect(await post(market, ["APPLE", 1])).toEqual([200, "-1"]);
  });

  it("survives forgotten promises, names lines of the source, and shares this package's classes", async () => {
    writeFileSync(
      join(dir, "app", "faulty.ts"),
      [
        'import { deployment, getReplicaContext, MantaError, type Handle } from "mantaray";',
        "class Faulty {",
        "  explode(): never {",
        '    throw new TypeError("boom");',
        "  }",
        "}",
        "class Front {",
        "  readonly faulty: Handle<Faulty>;",
        "  constructor(faulty: Handle<Faulty>) {",
        "    this.faulty = faulty;",
        "  }",
        "  async fetch(request: Request) {",
        '    void Promise.reject(new Error("forgotten"));',
        "    const error = await this.faulty.explode().catch((thrown: unknown) => thrown);",
        "    const remote = error instanceof MantaError ? error.remote?.stack : undefined;",
        "    const { deployment: name } = getReplicaContext();",
        "    return [name, remote?.includes('faulty.ts:4'), request instanceof Request, Response.name];",
        "  }",
        "}",
        "export const app = deployment(Front).bind(deployment(Faulty).bind());",
      ].join("\n"),
    );
    await serve(join(dir, "app"), "faulty:app");
    const front = await linkTo("Front");
    for (let round = 0; round < 2; round += 1) {
      expect(await post(front, {})).toEqual([200, '["Front",true,true,"Response"]']);
    }
  });

  it("ends in order when told to", async () => {
    const [child] = children;
    child!.stdin?.end();
    expect(await once(child!, "exit")).toEqual([0, null]);
  });
});
