import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import { conditionOf } from "../objects/conditions.ts";
import type { BudgetObject } from "../objects/types.ts";

const budget = (rule: string): string => `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {${rule}, selector: {matchLabels: {app: web}}}
`;
const replicaSet = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: busybox}]}
`;

describe("a PodDisruptionBudget", () => {
  let kit: TestControllers;
  beforeEach(async () => {
    kit = await TestControllers.start();
  });
  afterEach(() => kit.close());

  const untilStatus = (what: string, holds: (status: NonNullable<BudgetObject["status"]>) => unknown) =>
    kit.until(what, async () => {
      const status = (await kit.get<BudgetObject>(resources.podDisruptionBudgets, "web"))?.status;
      return status !== undefined && holds(status) ? status : undefined;
    });
  const runPods = async (): Promise<void> => {
    await kit.create(resources.replicaSets, replicaSet);
    for (const pod of await kit.untilPods(3)) await kit.run(pod);
  };

  it("with minAvailable allows what is above it", async () => {
    await kit.create(resources.podDisruptionBudgets, budget("minAvailable: 2"));
    await untilStatus("none", ({ disruptionsAllowed }) => disruptionsAllowed === 0);
    await runPods();
    const status = await untilStatus("one", ({ disruptionsAllowed }) => disruptionsAllowed === 1);
    expect(status).toMatchObject({ currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 });
  });

  it("with maxUnavailable goes by what the controllers want", async () => {
    await kit.create(resources.podDisruptionBudgets, budget("maxUnavailable: 1"));
    await runPods();
    await untilStatus("one", ({ disruptionsAllowed }) => disruptionsAllowed === 1);
    const [pod] = await kit.pods();
    if (pod !== undefined) await kit.run(pod, false);
    const none = await untilStatus("none", ({ disruptionsAllowed }) => disruptionsAllowed === 0);
    expect(none).toMatchObject({ currentHealthy: 2, desiredHealthy: 2, expectedPods: 3 });
  });

  it("with maxUnavailable over pods of nobody says that it cannot tell", async () => {
    await kit.create(resources.podDisruptionBudgets, budget("maxUnavailable: 1"));
    await kit.create(
      resources.pods,
      "{apiVersion: v1, kind: Pod, metadata: {name: one, labels: {app: web}}, spec: {containers: [{name: main, image: busybox}]}}",
    );
    const { conditions } = await untilStatus(
      "a problem",
      (status) => conditionOf(status.conditions, "DisruptionAllowed")?.reason === "SyncFailed",
    );
    expect(conditionOf(conditions, "DisruptionAllowed")?.message).toBe('found no controllers for pod "one"');
  });
});
