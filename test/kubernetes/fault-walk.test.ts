import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type KubeObject, resources } from "@manta/testkit/kubernetes";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { root } from "../e2e/docs-blocks.ts";
import { FaultWalk, walkedService } from "./kit/fault-walk.ts";

let walk: FaultWalk;

beforeAll(async () => {
  walk = await FaultWalk.start();
  await walk.step(1);
  await walk.whole();
}, 150_000);
afterAll(() => walk.close());

const workers = (): Promise<readonly KubeObject[]> => walk.kit.workers(walkedService);
/** Who it is, and how often its containers began. */
const lifeOf = ({ metadata, status }: KubeObject): string => {
  const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { restartCount: number }[] };
  return `${metadata.uid} ${containerStatuses.map(({ restartCount }) => restartCount).join()}`;
};

it("the walk's manifest has the example's code", () => {
  const manifest = readFileSync(join(root, "examples/kubernetes/ray-service.sleepy-pid.yaml"), "utf8");
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as { data?: Record<string, string> });
  const code = objects.map(({ data }) => data?.["sleepy_pid.ts"]).find((text) => text !== undefined);
  expect(code).toBe(readFileSync(join(root, "examples/sleepy-pid/sleepy_pid.ts"), "utf8"));
});

it("no request fails while a worker pod is deleted", async () => {
  const outcome = await walk.stepUnderLoad(2, (await workers())[0]?.metadata.uid);
  expect(outcome).toMatchObject({ failures: 0, cut: 0 });
});

it("no request fails, but those on cut connections, while a worker node is deleted", async () => {
  const outcome = await walk.stepUnderLoad(3, (await workers())[0]?.metadata.uid);
  expect(outcome).toMatchObject({ failures: 0 });
  expect(await walk.kit.cluster.access.list(resources.nodes)).toHaveLength(2);
});

it("no request fails while the head's pod is deleted, and no worker restarts", async () => {
  const before = (await workers()).map(lifeOf).toSorted();
  const outcome = await walk.stepUnderLoad(4, (await walk.kit.head(walkedService)).metadata.uid);
  expect(outcome).toMatchObject({ failures: 0, cut: 0 });
  expect((await workers()).map(lifeOf).toSorted()).toEqual(before);
});

it("no request fails while the controller is killed for good", async () => {
  const outcome = await walk.stepUnderLoad(5);
  expect(outcome).toMatchObject({ failures: 0, cut: 0 });
  expect(outcome.outputs[0]).toMatch(/HTTPProxyActor.* ALIVE: 3[^]*ServeReplica:SleepyPid.* ALIVE: 6/);
  expect(outcome.outputs[2]).toMatch(/Total: 2\n/);
});

it("no request fails while a replica is killed", async () => {
  const outcome = await walk.stepUnderLoad(6);
  expect(outcome).toMatchObject({ failures: 0, cut: 0 });
  expect(outcome.outputs[0]).toMatch(/Total: 6\n/);
});

it("no request fails, but those on cut connections, while a proxy is killed", async () => {
  const outcome = await walk.stepUnderLoad(7);
  expect(outcome).toMatchObject({ failures: 0 });
  expect(outcome.outputs[0]).toMatch(/Total: 3\n/);
});

it("the clean-up ends the walk, and every command of its page has run", async () => {
  await walk.step(8);
  expect(walk.done).toEqual(walk.commands);
});
