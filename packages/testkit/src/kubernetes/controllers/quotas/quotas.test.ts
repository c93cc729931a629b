import { expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import type { QuotaObject } from "../objects/types.ts";

it("a ResourceQuota tells what is used", async () => {
  const kit = await TestControllers.start();
  try {
    await kit.create(
      resources.resourceQuotas,
      "{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: 2, requests.memory: 1Gi}}}",
    );
    const used = async (): Promise<unknown> =>
      (await kit.get<QuotaObject>(resources.resourceQuotas, "small"))?.status?.used;
    await kit.until("zeros", async () => JSON.stringify(await used()) === '{"pods":"0","requests.memory":"0"}');
    await kit.create(
      resources.pods,
      "{apiVersion: v1, kind: Pod, metadata: {name: one}, spec: {containers: [{name: main, image: busybox, resources: {requests: {memory: 512Mi}}}]}}",
    );
    await kit.until("one pod", async () => JSON.stringify(await used()) === '{"pods":"1","requests.memory":"512Mi"}');
    expect(kit.warnings).toEqual([]);
  } finally {
    await kit.close();
  }
});
