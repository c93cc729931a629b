import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestControllers } from "../fixtures/test-controllers.ts";
import type { ClaimObject } from "../objects/types.ts";

const claim = (more = ""): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, ${more}}
`;
const pod = `
apiVersion: v1
kind: Pod
metadata: {name: user}
spec: {containers: [{name: main, image: busybox}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}
`;

describe("a PersistentVolumeClaim", () => {
  let kit: TestControllers;
  beforeEach(async () => {
    kit = await TestControllers.start();
    await kit.until("a storage class", async () => (await kit.server.access.list(resources.storageClasses)).length);
  });
  afterEach(() => kit.close());

  const found = (): Promise<ClaimObject | undefined> => kit.get(resources.persistentVolumeClaims, "data");
  const untilBound = (): Promise<ClaimObject> =>
    kit.until("bound", async () => {
      const present = await found();
      return present?.status?.phase === "Bound" ? present : undefined;
    });
  const remove = (): Promise<void> =>
    kit.server.access.delete(resources.persistentVolumeClaims, { namespace: "default", name: "data" });

  it("of the default class gets a volume, which goes with it", async () => {
    await kit.create(resources.persistentVolumeClaims, claim());
    const bound = await untilBound();
    expect(bound.spec).toMatchObject({ storageClassName: "standard", volumeName: `pvc-${bound.metadata.uid}` });
    expect(bound.status?.capacity).toEqual({ storage: "1Gi" });
    await remove();
    await kit.until(
      "volume gone",
      async () => (await kit.server.access.list(resources.persistentVolumes)).length === 0,
    );
  });

  it("stays while a pod uses it", async () => {
    await kit.create(resources.persistentVolumeClaims, claim());
    await untilBound();
    await kit.create(resources.pods, pod);
    await remove();
    expect((await found())?.metadata.deletionTimestamp).toBeDefined();
    await kit.server.access.delete(resources.pods, { namespace: "default", name: "user" });
    await kit.until("claim gone", async () => (await found()) === undefined);
  });

  it("of no class waits for a volume that fits, which stays", async () => {
    await kit.create(resources.persistentVolumeClaims, claim('storageClassName: ""'));
    await kit.until("pending", async () => (await found())?.status?.phase === "Pending");
    await kit.server.access.create(resources.persistentVolumes, {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "own" },
      spec: { capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp" } },
    });
    expect((await untilBound()).spec.volumeName).toBe("own");
    await remove();
    await kit.until("released", async () => {
      const [volume] = await kit.server.access.list(resources.persistentVolumes);
      return (volume?.["status"] as { phase?: string } | undefined)?.phase === "Released";
    });
  });
});
