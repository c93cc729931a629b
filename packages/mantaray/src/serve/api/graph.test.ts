import { describe, expect, it } from "vitest";
import type { Application } from "./application.ts";
import { deployment } from "./deployment.ts";
import { buildApplication, extractGraph, findNode, replaceApplications } from "./graph.ts";
import type { Handle } from "./handle.ts";

class Stand {
  work(): number {
    return 1;
  }
}

class Market {
  readonly stands: unknown;
  constructor(...stands: (Handle<Stand> | { deep: Handle<Stand>[] })[]) {
    this.stands = stands;
  }
}

const stand = (name: string): Application<Stand> => deployment(Stand, { name }).bind();

describe("extractGraph", () => {
  it("lists deployments, ingress and edges, also from inside arrays and objects", () => {
    const app = deployment(Market, { numReplicas: 2 }).bind(stand("A"), { deep: [stand("B")] });
    const graph = extractGraph(app);
    expect(graph.ingress).toBe("Market");
    expect(graph.nodes.map((node) => [node.name, node.handles])).toEqual([
      ["Market", ["A", "B"]],
      ["A", []],
      ["B", []],
    ]);
    expect(findNode(graph, "Market").options).toEqual({ num_replicas: 2 });
    expect(findNode(graph, "A").options).toEqual({});
  });

  it("counts an application once however often it is bound", () => {
    const shared = stand("A");
    const graph = extractGraph(deployment(Market).bind(shared, { deep: [shared] }));
    expect(graph.nodes.map((node) => node.name)).toEqual(["Market", "A"]);
  });

  it("gives duplicates a suffix, a parent before its arguments", () => {
    const graph = extractGraph(deployment(Market, { name: "A" }).bind(stand("A"), stand("A")));
    expect(graph.nodes.map((node) => node.name)).toEqual(["A", "A_1", "A_2"]);
    expect(findNode(graph, "A").handles).toEqual(["A_1", "A_2"]);
  });

  it("names what there is when asked for what there is not", () => {
    expect(() => findNode(extractGraph(stand("A")), "B")).toThrow('no deployment "B" (it has: A)');
  });
});

describe("replaceApplications", () => {
  it("replaces applications and leaves everything else the same object", () => {
    const untouched = { date: new Date(0), list: [1] };
    const bound = stand("A");
    const args = [untouched, { deep: [bound] }];
    const replaced = replaceApplications(args, () => "handle") as unknown[];
    expect(replaced).toEqual([untouched, { deep: ["handle"] }]);
    expect(replaced[0]).toBe(untouched);
    expect(replaceApplications(untouched, () => "handle")).toBe(untouched);
  });
});

describe("buildApplication", () => {
  it("takes an application or a builder, sync or async", async () => {
    const app = stand("A");
    expect(await buildApplication(app, "app", {})).toBe(app);
    expect(await buildApplication(() => app, "build", {})).toBe(app);
    const built = await buildApplication(async (args: { name: string }) => stand(args.name), "build", { name: "Z" });
    expect(built.deployment.name).toBe("Z");
  });

  it("says what is wrong with any other export", async () => {
    await expect(buildApplication(deployment(Stand), "app", {})).rejects.toThrow("was not bound: export app.bind(…)");
    await expect(buildApplication(5, "app", {})).rejects.toThrow("must be an application or a function");
    await expect(buildApplication(() => 5, "make", {})).rejects.toThrow("builder make must return an application");
  });
});
