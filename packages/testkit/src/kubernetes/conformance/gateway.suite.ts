import { waitFor } from "mantaray/testing";
import { beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { nameServer, PodCases, shell } from "./pod-cases.ts";
import { type Connect, useCluster } from "./suite.ts";

const groupVersion = "gateway.networking.k8s.io/v1";
const port = 8_080;
const merge = { contentType: "application/merge-patch+json" };
/** Real implementations start a proxy first. */
const timeoutMs = 120_000;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly observedGeneration?: number;
}

type Gateway = KubeObject & { status?: { addresses?: { value: string }[]; conditions?: Condition[] } };
type Route = KubeObject & { status?: { parents?: { conditions: Condition[] }[] } };

/** Whether it says so of itself as it is now. */
const says = ({ metadata }: KubeObject, conditions: readonly Condition[] = [], ...wanted: readonly string[]): boolean =>
  wanted.every((each) =>
    conditions.some(
      ({ type, status, observedGeneration }) =>
        `${type} ${status}` === each && observedGeneration === metadata.generation,
    ),
  );

const rulesOf = (weights: Readonly<Record<string, number>>): object[] => [
  { backendRefs: Object.entries(weights).map(([name, weight]) => ({ name, port, weight })) },
];

/** Gateways of a class, as far as incremental upgrades rely on them. https://gateway-api.sigs.k8s.io/reference/spec/ */
export const describeGateways = (connect: Connect, gatewayClassName: string): void => {
  describe("Gateways", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);
    const once = { restartPolicy: "Never" } as const;
    let address = "";

    const create = (plural: string, name: string, spec: object, group = groupVersion): Promise<unknown> =>
      cluster.client.ok("POST", cluster.path(plural, group), { body: { metadata: { name }, spec } });

    const routeSays = (name: string, ...wanted: readonly string[]): Promise<Route | undefined> =>
      waitFor(
        async () => {
          const route = await cluster.client.ok<Route>("GET", cluster.path(`httproutes/${name}`, groupVersion));
          return says(route, route.status?.parents?.[0]?.conditions, ...wanted) ? route : undefined;
        },
        { timeoutMs, intervalMs: 50, what: `${name}: ${wanted.join(", ")}` },
      );

    /** What 40 requests from a pod are answered, by who answered. */
    const ask = async (pod: string): Promise<Readonly<Record<string, number>>> => {
      const script = `for i in $(seq 40); do wget -q -O- http://${address}:${port}/; done`;
      await pods().create(pod, shell(script), once);
      const names = (await pods().output(pod)).trim().split("\n");
      return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
    };

    beforeAll(async () => {
      for (const name of ["alice", "bob"]) {
        const spec = { selector: { app: name }, ports: [{ port, targetPort: "http" }] };
        await create("services", name, spec, "v1");
        await pods().create(name, nameServer(), {}, { labels: { app: name } });
      }
      await pods().untilReady("alice");
      await pods().untilReady("bob");
      await create("gateways", "front", { gatewayClassName, listeners: [{ name: "http", protocol: "HTTP", port }] });
      address = await waitFor(
        async () => {
          const gateway = await cluster.client.ok<Gateway>("GET", cluster.path("gateways/front", groupVersion));
          const { addresses, conditions } = gateway.status ?? {};
          return says(gateway, conditions, "Accepted True", "Programmed True") && addresses?.[0]?.value;
        },
        { timeoutMs, intervalMs: 50, what: "the Gateway's address" },
      );
    });

    test("requests are divided by weight, and by other weights once the route says that it has them", async () => {
      const parentRefs = [{ name: "front" }];
      await create("httproutes", "divided", { parentRefs, rules: rulesOf({ alice: 75, bob: 25 }) });
      await routeSays("divided", "Accepted True", "ResolvedRefs True");
      const { alice = 0, bob = 0 } = await ask("first");
      expect(alice + bob).toBe(40);
      expect(alice).toBeGreaterThan(bob);
      expect(bob).toBeGreaterThan(0);
      const body = { spec: { rules: rulesOf({ alice: 0, bob: 100 }) } };
      await cluster.client.ok("PATCH", cluster.path("httproutes/divided", groupVersion), { body, ...merge });
      await routeSays("divided", "Accepted True", "ResolvedRefs True");
      expect(await ask("second")).toEqual({ bob: 40 });
    });

    test("a route to a Service that is not there says so", async () => {
      await create("httproutes", "lost", { parentRefs: [{ name: "front" }], rules: rulesOf({ nobody: 1 }) });
      const route = await routeSays("lost", "Accepted True", "ResolvedRefs False");
      const conditions = route?.status?.parents?.[0]?.conditions ?? [];
      expect(conditions.find(({ type }) => type === "ResolvedRefs")?.reason).toBe("BackendNotFound");
    });
  });
};
