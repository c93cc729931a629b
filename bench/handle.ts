import { startOneNode } from "./one-node-cluster.ts";
import type { BenchReport, BenchRow } from "./report.ts";

/** Handle calls from one replica to another, with 1 and 64 in flight; a value of about 170 bytes there and back. */
export const runHandleBench = async (durationMs = 2_000): Promise<BenchReport> => {
  const { cluster, stop } = await startOneNode("calls");
  const rows: BenchRow[] = [];
  try {
    const url = `http://${cluster.proxyOf(cluster.head)}/`;
    // The first run warms up.
    for (const inFlight of [64, 1, 64]) {
      const response = await fetch(url, { method: "POST", body: JSON.stringify({ inFlight, durationMs }) });
      if (!response.ok) throw new Error(`the calling replica answered ${response.status}: ${await response.text()}`);
      rows.push({ "in flight": inFlight, ...((await response.json()) as Record<string, number>) });
    }
  } finally {
    await stop();
  }
  const [, one, many] = rows;
  return {
    ratios: { "handle.calls_per_s.c64": Number(many?.callsPerSecond), "handle.p50_us.c1": Number(one?.p50Us) },
    rows: rows.slice(1),
  };
};
