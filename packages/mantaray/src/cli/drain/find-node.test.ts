import { describe, expect, it } from "vitest";
import { type NodeRecord, nodeRecordSchema } from "../../protocol/node.ts";
import { findNode, hasStandby } from "./find-node.ts";

const node = (digit: string, change: Partial<NodeRecord> = {}): NodeRecord =>
  nodeRecordSchema.parse({
    nodeId: digit.repeat(56),
    ip: `10.0.0.${digit}`,
    name: `worker-${digit}`,
    isHead: false,
    state: "ALIVE",
    stateMessage: "",
    draining: false,
    resources: {},
    labels: {},
    addresses: { unix: "", tcp: "" },
    agentPort: 1,
    proxyPort: 1,
    startMs: 0,
    endMs: null,
    ...change,
  });

describe("a node, as a person calls it", () => {
  const nodes = [node("1"), node("2"), node("3", { state: "DEAD" }), node("4", { name: "worker-1" })];

  it.each([
    ["the beginning of its id", "22"],
    ["its ip", "10.0.0.2"],
    ["its name", "worker-2"],
  ])("is found by %s", (_how, word) => {
    expect(findNode(nodes, word).ip).toBe("10.0.0.2");
  });

  it("is refused when it is not alive, with those that are", () => {
    expect(() => findNode(nodes, "10.0.0.3")).toThrow(/no live node is called "10.0.0.3"; there are 10.0.0.1 \(1{8}\)/);
  });

  it("is refused when the word fits several", () => {
    expect(() => findNode(nodes, "worker-1")).toThrow(/may be any of 10.0.0.1 .*10.0.0.4/);
  });
});

describe("a standby", () => {
  it("is any other live node with a control store", () => {
    const head = node("1", { isHead: true, gcsAddress: "tcp:10.0.0.1:6379" });
    expect(hasStandby([head, node("2")], head)).toBe(false);
    expect(hasStandby([head, node("2", { gcsAddress: "tcp:10.0.0.2:6379" })], head)).toBe(true);
    expect(hasStandby([head, node("2", { gcsAddress: "x", state: "DEAD" })], head)).toBe(false);
  });
});
