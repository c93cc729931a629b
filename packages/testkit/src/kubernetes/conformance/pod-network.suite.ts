import { isDeepStrictEqual } from "node:util";
import { waitFor } from "mantaray/testing";
import { describe, expect, test } from "vitest";
import { nameServer, PodCases, shell } from "./pod-cases.ts";
import { type Connect, useCluster } from "./suite.ts";

/** Services and names, seen from pods. https://kubernetes.io/docs/concepts/services-networking/ */
export const describePodNetwork = (connect: Connect): void => {
  describe("Services and names", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);
    const once = { restartPolicy: "Never" } as const;
    const service = (name: string, spec: object): Promise<unknown> =>
      cluster.client.ok("POST", cluster.path("services"), { body: { metadata: { name }, spec } });

    test("a Service reaches every ready pod by its names, and only those", async () => {
      const labels = { labels: { app: "web" } };
      await service("web", { selector: { app: "web" }, ports: [{ port: 80 + 8000, targetPort: "http" }] });
      await pods().create("alice", nameServer(), {}, labels);
      await pods().create("bob", nameServer(), {}, labels);
      const readinessProbe = { exec: { command: ["false"] }, periodSeconds: 1 };
      await pods().create("never", nameServer({ readinessProbe }), {}, labels);
      await pods().untilReady("alice");
      await pods().untilReady("bob");
      const names = ["web", `web.${cluster.namespace}`, `web.${cluster.namespace}.svc.cluster.local`];
      const script = `sleep 2; for n in ${names.join(" ")}; do for i in 1 2 3 4 5 6 7 8; do wget -q -O- http://$n:8080/; done; done | sort -u`;
      await pods().create("asks", shell(script), once);
      expect(await pods().output("asks")).toBe("alice\nbob\n");
    });

    test("a headless Service's name is the pods' addresses; a pod finds itself by its host name", async () => {
      await service("many", { clusterIP: "None", selector: { app: "many" }, ports: [{ port: 8000 }] });
      const spec = { hostname: "first", subdomain: "many" };
      await pods().create("one", nameServer(), spec, { labels: { app: "many" } });
      const ip = (await pods().untilReady("one")).status?.podIP ?? "";
      const full = `first.many.${cluster.namespace}.svc.cluster.local`;
      const script = `until wget -q -O- http://many:8000/ && wget -q -O- http://${full}:8000/; do sleep 1; done; hostname; grep "$(hostname)" /etc/hosts | cut -f1`;
      await pods().create("looks", shell(script), once);
      const said = await pods().output("looks");
      const own = (await pods().get("looks"))?.status?.podIP;
      expect(said).toBe(`one\none\nlooks\n${own}\n`);
      expect(ip).not.toBe(own);
    });

    test("endpoints follow the pods: a terminating one is no longer ready", async () => {
      await service("leaving", { selector: { app: "leaving" }, ports: [{ port: 8000 }] });
      const preStop = { exec: { command: ["sleep", "3"] } };
      const spec = { terminationGracePeriodSeconds: 20 };
      await pods().create("leaver", nameServer({ lifecycle: { preStop } }), spec, { labels: { app: "leaving" } });
      await pods().untilReady("leaver");
      type Slices = { items: { endpoints?: { conditions: object }[] }[] };
      const path = cluster.path(
        "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dleaving",
        "discovery.k8s.io/v1",
      );
      const conditions = async (): Promise<object | undefined> => {
        const { items } = await cluster.client.ok<Slices>("GET", path);
        return items.flatMap(({ endpoints }) => endpoints ?? [])[0]?.conditions;
      };
      const settle = (wanted: object, what: string): Promise<unknown> =>
        waitFor(async () => isDeepStrictEqual(await conditions(), wanted), { timeoutMs: 20_000, what });
      await settle({ ready: true, serving: true, terminating: false }, "ready");
      await pods().delete("leaver");
      await settle({ ready: false, serving: true, terminating: true }, "terminating");
      expect(await pods().untilGone("leaver")).toBe(true);
    });
  });
};
