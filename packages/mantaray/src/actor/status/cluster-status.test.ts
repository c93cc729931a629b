import { describe, expect, it } from "vitest";
import { actorRecord, nodeRecord } from "../fixtures/fake-cluster.ts";
import { type ClusterStatus, clusterStatusText } from "./cluster-status.ts";
import { formatBytes, formatDemand, formatUsage } from "./resource-text.ts";

const nowMs = 10_000_000;
const gib = 2 ** 30;

const status = (): ClusterStatus => {
  const labels = { "ray.io/node-group": "small-group" };
  const head = nodeRecord({
    isHead: true,
    resources: { CPU: 0, memory: 4.05 * gib },
    labels: { "ray.io/node-group": "headgroup" },
  });
  const workers = [nodeRecord({ labels, ip: "127.0.0.2" }), nodeRecord({ labels, ip: "127.0.0.3" })];
  const dead = [
    nodeRecord({ state: "DEAD", ip: "127.0.0.4", labels, endMs: nowMs - 1_000 }),
    nodeRecord({ state: "DEAD", ip: "127.0.0.5", labels, endMs: 1 }),
  ];
  return {
    nodes: [head, ...workers, ...dead],
    actors: workers.map((node) => actorRecord({ className: "A" }, { nodeId: node.nodeId })),
    usage: { [workers[0]?.nodeId ?? ""]: { CPU: 0.1 }, [workers[1]?.nodeId ?? ""]: { CPU: 0.2 } },
    pending: [{ CPU: 1 }, { CPU: 1 }, { CPU: 1 }, { CPU: 0.5, GPU: 1 }],
  };
};

describe("the status report", () => {
  it("has the reference's lines", () => {
    const text = clusterStatusText(status(), { timestamp: "2026-01-01 10:00:00.000000", nowMs, verbose: false });
    expect(text).toBe(`======== Autoscaler status: 2026-01-01 10:00:00.000000 ========
Node status
---------------------------------------------------------------
Active:
 2 small-group
Idle:
 1 headgroup
Pending:
 (no pending nodes)
Recent failures:
 small-group: NodeTerminated (ip: 127.0.0.4)

Resources
---------------------------------------------------------------
Usage:
 0.3/8.0 CPU
 0B/4.05GiB memory

Demands:
 {'CPU': 1.0}: 3+ pending tasks/actors
 {'CPU': 0.5, 'GPU': 1.0}: 1+ pending tasks/actors`);
  });

  it("adds every node's own resources when verbose", () => {
    const text = clusterStatusText(status(), { timestamp: "", nowMs, verbose: true });
    expect(text).toContain("Total Usage:\n 0.3/8.0 CPU");
    expect(text).toContain("Total Demands:\n");
    expect(text).toMatch(/\nNode: 127\.0\.0\.3\n Id: [0-9a-f]{56}\n Usage:\n {2}0\.2\/4\.0 CPU/);
  });

  it("says so where there is nothing", () => {
    const text = clusterStatusText(
      { nodes: [], actors: [], usage: {}, pending: [] },
      { timestamp: "", nowMs, verbose: false },
    );
    expect(text).toContain("Active:\n (no active nodes)\nIdle:\n (no idle nodes)\n");
    expect(text).toContain("Recent failures:\n (no failures)\n");
    expect(text).toContain("Demands:\n (no resource demands)");
  });
});

describe("amounts", () => {
  it("are printed as the reference prints them", () => {
    expect([0, 1023, 1024, 1.5 * 2 ** 20, gib, 2 ** 41].map(formatBytes)).toEqual([
      "0B",
      "1023B",
      "1.00KiB",
      "1.50MiB",
      "1.00GiB",
      "2.00TiB",
    ]);
    expect(formatUsage({ SSD: 2, CPU: 1 }, { CPU: 0.1 + 0.2 })).toEqual(["0.3/1.0 CPU", "0.0/2.0 SSD"]);
    expect(formatDemand({ CPU: 0.25 })).toBe("{'CPU': 0.25}");
  });
});
