import { describe, expect, it } from "vitest";
import { newNodeId } from "../../../base/ids.ts";
import { nodeRecordSchema } from "../../../protocol/node.ts";
import { proxyNodes } from "./decide-proxies.ts";

const node = (own: { isHead?: boolean; gcsAddress?: string; draining?: boolean }) =>
  nodeRecordSchema.parse({
    nodeId: newNodeId(),
    ip: "127.0.0.1",
    name: "node",
    isHead: false,
    state: "ALIVE",
    stateMessage: "",
    draining: false,
    drain: null,
    resources: { CPU: 0 },
    labels: {},
    addresses: { unix: "unix:/none", tcp: "tcp:127.0.0.1:1" },
    agentPort: 1,
    proxyPort: 0,
    startMs: 0,
    endMs: null,
    ...own,
  });

describe("where proxies are wanted", () => {
  const head = node({ isHead: true, gcsAddress: "tcp:127.0.0.1:6379" });
  const standby = node({ gcsAddress: "tcp:127.0.0.2:6379" });
  const [busy, free] = [node({}), node({})];
  const nodes = [head, standby, busy, free];

  it("is on heads, the one that stands by too, and where replicas are", () => {
    const wanted = proxyNodes("EveryNode", nodes, new Set([busy.nodeId]));
    expect(wanted).toEqual(new Set([head.nodeId, standby.nodeId, busy.nodeId]));
  });

  it("is on heads alone, or nowhere, where the config says so", () => {
    const holding = new Set([busy.nodeId]);
    expect(proxyNodes("HeadOnly", nodes, holding)).toEqual(new Set([head.nodeId, standby.nodeId]));
    expect(proxyNodes("Disabled", nodes, holding).size).toBe(0);
  });

  it("is not on a head that leaves", () => {
    const leaving = node({ isHead: true, gcsAddress: "tcp:127.0.0.3:6379", draining: true });
    expect(proxyNodes("EveryNode", [leaving, standby], new Set())).toEqual(new Set([standby.nodeId]));
  });
});
