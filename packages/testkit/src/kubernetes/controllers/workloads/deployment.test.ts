import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import { conditionOf } from "../objects/conditions.ts";
import type { DeploymentObject, ReplicaSetObject } from "../objects/types.ts";

const manifest = (strategy = "", more = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  ${more}
  selector: {matchLabels: {app: web}}
  ${strategy}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "busybox:1"}]}
`;
const image = (name: string): object => ({
  spec: { template: { spec: { containers: [{ name: "main", image: name }] } } },
});

let kit: TestControllers;
beforeEach(async () => {
  kit = await TestControllers.start();
});
afterEach(() => kit.close());

const deployment = (): Promise<DeploymentObject | undefined> => kit.get(resources.deployments, "web");
const untilStatus = (what: string, holds: (status: NonNullable<DeploymentObject["status"]>) => unknown) =>
  kit.until(what, async () => {
    const found = await deployment();
    return found?.status !== undefined && holds(found.status) ? found.status : undefined;
  });
const revisionOf = async (): Promise<string | undefined> =>
  (await deployment())?.metadata.annotations?.["deployment.kubernetes.io/revision"];
const runAll = async (): Promise<void> => {
  for (const pod of await kit.pods()) if (pod.status?.phase === "Pending") await kit.run(pod);
};

describe("a Deployment", () => {
  it("becomes available as its pods become ready", async () => {
    await kit.create(resources.deployments, manifest());
    const pods = await kit.untilPods(3);
    expect(pods[0]?.metadata.labels).toHaveProperty("pod-template-hash");
    await untilStatus("unavailable", ({ unavailableReplicas }) => unavailableReplicas === 3);
    await runAll();
    const status = await untilStatus("available", ({ availableReplicas }) => availableReplicas === 3);
    expect(conditionOf(status.conditions, "Available")?.status).toBe("True");
    expect(conditionOf(status.conditions, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
    expect((await deployment())?.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "1" });
    expect(kit.warnings).toEqual([]);
  });

  it("rolls over with no pod too many and none too few", async () => {
    await kit.create(resources.deployments, manifest("strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"));
    await kit.untilPods(3);
    await runAll();
    await untilStatus("available", ({ availableReplicas }) => availableReplicas === 3);
    await kit.patch(resources.deployments, "web", image("busybox:2"));
    for (let step = 0; step < 3; step += 1) {
      await kit.until("one more pod", async () => {
        const pods = await kit.pods();
        expect(pods.filter(({ status }) => status?.phase === "Running").length).toBeGreaterThanOrEqual(3);
        expect(pods.length).toBeLessThanOrEqual(4);
        return pods.some(({ status }) => status?.phase === "Pending");
      });
      await runAll();
    }
    await untilStatus("rolled", ({ updatedReplicas, replicas }) => updatedReplicas === 3 && replicas === 3);
    const images = (await kit.untilPods(3)).map(({ spec }) => spec.containers[0]?.image);
    expect(images).toEqual(["busybox:2", "busybox:2", "busybox:2"]);
  });

  it("goes back to a template of before as a new revision", async () => {
    await kit.create(resources.deployments, manifest());
    await kit.untilPods(3);
    await kit.patch(resources.deployments, "web", image("busybox:2"));
    await kit.until("revision 2", async () => (await revisionOf()) === "2");
    await kit.patch(resources.deployments, "web", image("busybox:1"));
    await kit.until("revision 3", async () => (await revisionOf()) === "3");
    expect(await kit.server.access.list(resources.replicaSets)).toHaveLength(2);
  });
});

describe("how a Deployment goes on", () => {
  it("with Recreate starts the new pods when the last old one is gone", async () => {
    await kit.create(resources.deployments, manifest("strategy: {type: Recreate}"));
    await kit.untilPods(3);
    await runAll();
    const [kept] = await kit.pods();
    await kit.patch(resources.pods, kept?.metadata.name ?? "", { metadata: { finalizers: ["test/keep"] } });
    await kit.patch(resources.deployments, "web", image("busybox:2"));
    await kit.until("two old pods gone", async () => (await kit.pods()).length === 1);
    await kit.patch(resources.pods, kept?.metadata.name ?? "", { metadata: { finalizers: null } });
    const pods = await kit.untilPods(3);
    expect(pods.every(({ spec }) => spec.containers[0]?.image === "busybox:2")).toBe(true);
  });

  it("says when its pods make no progress in time", async () => {
    await kit.create(resources.deployments, manifest("", "progressDeadlineSeconds: 60"));
    await untilStatus("progressing", ({ conditions }) => conditionOf(conditions, "Progressing"));
    await kit.untilPods(3);
    await kit.clock.advance(62_000);
    const status = await untilStatus(
      "late",
      ({ conditions }) => conditionOf(conditions, "Progressing")?.status === "False",
    );
    expect(conditionOf(status.conditions, "Progressing")?.reason).toBe("ProgressDeadlineExceeded");
  });

  it("keeps its ReplicaSets' pods at their number, the unready ones going first", async () => {
    await kit.create(resources.deployments, manifest());
    const [ready, unready, other] = await kit.untilPods(3);
    if (ready === undefined || unready === undefined || other === undefined) throw new Error("no pods");
    await kit.run(ready);
    await kit.run(other);
    await kit.run(unready, false);
    await kit.patch(resources.deployments, "web", { spec: { replicas: 2 } });
    const left = await kit.untilPods(2);
    expect(left.map(({ metadata }) => metadata.name)).not.toContain(unready.metadata.name);
    await kit.end(ready, "Failed");
    await kit.until("a new pod", async () => (await kit.pods()).some(({ status }) => status?.phase === "Pending"));
    const [set] = (await kit.server.access.list(resources.replicaSets)) as ReplicaSetObject[];
    expect(set?.spec.replicas).toBe(2);
  });
});
