import { waitFor } from "mantaray/testing";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, useCluster } from "./suite.ts";

const timeoutMs = 90_000;
const labels = { app: "web" };
const container = {
  name: "main",
  image: "busybox",
  command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
  ports: [{ name: "web", containerPort: 8099 }],
};
const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } };

interface Listed {
  readonly items: readonly KubeObject[];
}

const statusOf = (object: KubeObject) => object["status"] as Record<string, unknown> | undefined;

const job = (script: string): object => ({
  backoffLimit: 0,
  template: { spec: { restartPolicy: "Never", containers: [{ ...container, command: ["sh", "-c", script] }] } },
});

const has = (type: string) => (object: KubeObject) =>
  (statusOf(object)?.["conditions"] as { type: string; status: string }[] | undefined)?.some(
    (condition) => condition.type === type && condition.status === "True",
  );

/** Controllers: Deployments, Services' endpoints, Jobs, owners, namespaces. https://kubernetes.io/docs/concepts/workloads/controllers/ */
export const describeWorkloads = (connect: Connect): void => {
  describe("workloads", () => {
    const cluster = useCluster(connect);
    const create = (plural: string, groupVersion: string, kind: string, name: string, spec: object) =>
      cluster.client.ok("POST", cluster.path(plural, groupVersion), {
        body: { apiVersion: groupVersion, kind, metadata: { name }, spec },
      });
    const until = (path: string, what: string, holds: (object: KubeObject) => unknown): Promise<KubeObject> =>
      waitFor(
        async () => {
          const { status, body } = await cluster.client.request("GET", path);
          return status === 200 && Boolean(holds(body)) && body;
        },
        { timeoutMs, what },
      );
    const untilNone = (path: string): Promise<unknown> =>
      waitFor(async () => (await cluster.client.ok<Listed>("GET", path)).items.length === 0, { timeoutMs, what: path });
    test("a Deployment's pods are endpoints of its Service, and go with it", async () => {
      await create("services", "v1", "Service", "web", { selector: labels, ports: [{ port: 80, targetPort: "web" }] });
      await create("deployments", "apps/v1", "Deployment", "web", {
        replicas: 2,
        selector: { matchLabels: labels },
        template,
      });
      const path = cluster.path("deployments/web", "apps/v1");
      const ready = await until(path, "2 available", (object) => statusOf(object)?.["availableReplicas"] === 2);
      expect(statusOf(ready)?.["observedGeneration"]).toBe(ready.metadata.generation);
      expect(ready.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("1");
      const slices = cluster.path(
        "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb",
        "discovery.k8s.io/v1",
      );
      await until(
        slices,
        "2 endpoints",
        (list) => (list["items"] as { endpoints?: unknown[] | null }[])[0]?.endpoints?.length === 2,
      );
      await cluster.client.ok("DELETE", path, { body: { propagationPolicy: "Background" } });
      await untilNone(cluster.path("replicasets", "apps/v1"));
      await untilNone(cluster.path("pods?labelSelector=app%3Dweb"));
    });

    test("a Job is complete when its pod has succeeded, and failed after its backoff limit", async () => {
      await create("jobs", "batch/v1", "Job", "good", job("exit 0"));
      await create("jobs", "batch/v1", "Job", "bad", job("exit 1"));
      const good = await until(cluster.path("jobs/good", "batch/v1"), "complete", has("Complete"));
      expect(statusOf(good)).toMatchObject({ succeeded: 1 });
      const bad = await until(cluster.path("jobs/bad", "batch/v1"), "failed", has("Failed"));
      expect(statusOf(bad)).toMatchObject({ failed: 1 });
    });
  });
  describeOwners(connect);
};

/** https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
const describeOwners = (connect: Connect): void => {
  describe("owners", () => {
    const cluster = useCluster(connect);

    test("an object goes with its owner, an orphan stays", async () => {
      const own = async (name: string, owner?: KubeObject): Promise<KubeObject> =>
        cluster.client.ok("POST", cluster.path("configmaps"), {
          body: {
            metadata: {
              name,
              ...(owner === undefined
                ? {}
                : {
                    ownerReferences: [
                      { apiVersion: "v1", kind: "ConfigMap", name: owner.metadata.name, uid: owner.metadata.uid },
                    ],
                  }),
            },
          },
        });
      for (const name of ["cascade", "orphan"]) await own(`${name}-child`, await own(name));
      const remove = (name: string, propagationPolicy: string) =>
        cluster.client.ok("DELETE", cluster.path(`configmaps/${name}`), { body: { propagationPolicy } });
      await remove("cascade", "Background");
      await remove("orphan", "Orphan");
      const child = (name: string): string => cluster.path(`configmaps/${name}-child`);
      await waitFor(async () => (await cluster.client.request("GET", child("cascade"))).status === 404, {
        timeoutMs,
        what: "the child is gone",
      });
      expect((await cluster.client.request("GET", child("orphan"))).status).toBe(200);
      await waitFor(
        async () => ((await cluster.client.ok("GET", child("orphan"))).metadata.ownerReferences ?? []).length === 0,
        { timeoutMs, what: "the orphan has no owner" },
      );
    });
  });
};
