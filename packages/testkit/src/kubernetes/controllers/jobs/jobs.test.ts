import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import { conditionOf } from "../objects/conditions.ts";
import type { JobObject } from "../objects/types.ts";

const manifest = (spec = ""): string => `
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  ${spec}
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}
`;

describe("a Job", () => {
  let kit: TestControllers;
  beforeEach(async () => {
    kit = await TestControllers.start();
  });
  afterEach(() => kit.close());

  const job = (): Promise<JobObject | undefined> => kit.get(resources.jobs, "sum");
  const untilCondition = (type: string): Promise<string | undefined> =>
    kit.until(type, async () => conditionOf((await job())?.status?.conditions, type)?.reason);
  const untilNewPod = () =>
    kit.until("a pod that runs", async () => {
      await kit.clock.advance(500);
      return (await kit.pods()).find(({ status }) => status?.phase === "Pending");
    });

  it("is complete when its pod has succeeded", async () => {
    await kit.create(resources.jobs, manifest());
    const pod = await untilNewPod();
    expect(pod.metadata.labels).toMatchObject({ "batch.kubernetes.io/job-name": "sum" });
    await kit.end(pod, "Succeeded");
    expect(await untilCondition("Complete")).toBe("CompletionsReached");
    expect((await job())?.status).toMatchObject({ succeeded: 1 });
    expect((await job())?.status?.completionTime).toBeDefined();
  });

  it("tries again, later each time, until its backoff limit", async () => {
    await kit.create(resources.jobs, manifest("backoffLimit: 1"));
    await kit.end(await untilNewPod(), "Failed");
    await kit.end(await untilNewPod(), "Failed");
    expect(await untilCondition("Failed")).toBe("BackoffLimitExceeded");
    expect((await job())?.status?.failed).toBe(2);
    expect(await kit.pods()).toHaveLength(2);
  });

  it("fails, and its pod goes, when it takes too long", async () => {
    await kit.create(resources.jobs, manifest("activeDeadlineSeconds: 30"));
    await kit.run(await untilNewPod());
    await kit.clock.advance(31_000);
    expect(await untilCondition("Failed")).toBe("DeadlineExceeded");
    await kit.untilPods(0);
  });

  it("deletes itself and its pods after its time to live", async () => {
    await kit.create(resources.jobs, manifest("ttlSecondsAfterFinished: 60"));
    await kit.end(await untilNewPod(), "Succeeded");
    await untilCondition("Complete");
    await kit.until("job gone", async () => {
      await kit.clock.advance(61_000);
      return (await job()) === undefined;
    });
    expect(await kit.untilPods(0)).toEqual([]);
  });

  it("has no pods while it is suspended", async () => {
    await kit.create(resources.jobs, manifest("suspend: true"));
    expect(await untilCondition("Suspended")).toBe("JobSuspended");
    expect(await kit.pods()).toEqual([]);
    await kit.patch(resources.jobs, "sum", { spec: { suspend: false } });
    await untilNewPod();
  });
});
