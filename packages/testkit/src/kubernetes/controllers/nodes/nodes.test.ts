import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import type { NodeObject, Pod } from "../../kubelet/types.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import { conditionOf } from "../objects/conditions.ts";
import { isReady } from "../objects/pod-state.ts";

const pod = (name: string, tolerations = ""): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec: {nodeName: node-1, containers: [{name: main, image: busybox}], ${tolerations}}
`;
const impatient =
  "tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 10}]";

describe("a node", () => {
  let kit: TestControllers;
  beforeEach(async () => {
    kit = await TestControllers.start();
    await kit.server.access.create(resources.nodes, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1" },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    });
    await renew();
  });
  afterEach(() => kit.close());

  const renew = async (): Promise<void> => {
    const id = { namespace: "kube-node-lease", name: "node-1" };
    const renewTime = new Date(kit.clock.wallMs()).toISOString().replace("Z", "000Z");
    const lease = await kit.server.access.get(resources.leases, id);
    if (lease !== undefined) await kit.server.access.mergePatch(resources.leases, id, { spec: { renewTime } });
    else
      await kit.server.access.create(resources.leases, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: id,
        spec: { holderIdentity: "node-1", renewTime },
      });
  };
  const node = async (): Promise<NodeObject | undefined> =>
    await kit.server.access.get(resources.nodes, { name: "node-1" });
  const untilUnknown = (): Promise<true> =>
    kit.until("unknown", async () => {
      await kit.clock.advance(5_000);
      return conditionOf((await node())?.status?.conditions, "Ready")?.status === "Unknown" || undefined;
    });
  const create = async (name: string, tolerations?: string): Promise<void> =>
    kit.run((await kit.create(resources.pods, pod(name, tolerations))) as Pod);

  it("whose kubelet renews its lease is left alone", async () => {
    for (let step = 0; step < 20; step += 1) {
      await kit.clock.advance(5_000);
      await renew();
    }
    expect(conditionOf((await node())?.status?.conditions, "Ready")?.status).toBe("True");
  });

  it("that is silent is NotReady and tainted, and its pods are not ready", async () => {
    await create("one");
    await untilUnknown();
    await kit.until("tainted", async () => (await node())?.spec?.taints?.some(({ effect }) => effect === "NoExecute"));
    await kit.until("pod not ready", async () => (await kit.pods()).every((each) => !isReady(each)));
    expect((await kit.pods())[0]?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("evicts its pods after the time that each tolerates", async () => {
    await create("patient");
    await create("impatient", impatient);
    await untilUnknown();
    const isLeaving = async (name: string): Promise<boolean> =>
      (await kit.get(resources.pods, name))?.metadata.deletionTimestamp !== undefined;
    await kit.until("impatient pod evicted", async () => {
      await kit.clock.advance(1_000);
      return isLeaving("impatient");
    });
    expect(await isLeaving("patient")).toBe(false);
    await kit.until("patient pod evicted", async () => {
      await kit.clock.advance(30_000);
      return isLeaving("patient");
    });
  });

  it("that is back loses its taints", async () => {
    await untilUnknown();
    await renew();
    const conditions = [{ type: "Ready", status: "True" }];
    await kit.server.access.mergePatch(resources.nodes, { name: "node-1" }, { status: { conditions } }, "status");
    const untainted = kit.until("untainted", async () => ((await node())?.spec?.taints ?? []).length === 0);
    expect(await untainted).toBe(true);
  });

  it("that is removed takes its pods along", async () => {
    await create("one");
    await kit.server.access.delete(resources.nodes, { name: "node-1" });
    expect(await kit.until("pod gone", async () => (await kit.pods()).length === 0)).toBe(true);
  });
});
