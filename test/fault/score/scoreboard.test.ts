import { describe, expect, it } from "vitest";
import type { FaultRun } from "../observe.ts";
import { classes } from "../traffic/classes.ts";
import { kindOf, outcomeOf, proxyOf, reasonOf } from "../traffic/outcome.ts";
import type { ClassReport, Cut, WindowReport } from "../traffic/report.ts";
import { judge } from "./bars.ts";
import { measurementsOf, mergeRows, rowsOf } from "./rows.ts";
import { markdownTableOf, tableOf } from "./table.ts";
import { exitCodeOf, judged } from "./verdict.ts";

const report = (change: Partial<ClassReport> = {}): ClassReport => ({
  ok: 100,
  saved: 0,
  refused: 0,
  failed: 0,
  cut: 0,
  sent: 100,
  p50Ms: 1,
  p99Ms: 2,
  p999Ms: 3,
  maxMs: 3,
  longestGapMs: 4,
  ...change,
});

const windowOf = (
  changes: Readonly<Record<string, Partial<ClassReport>>> = {},
  cuts: readonly Cut[] = [],
): WindowReport => ({
  seconds: 1,
  classes: Object.fromEntries(classes.map(({ name }) => [name, report(changes[name])])),
  connectionsRefused: 0,
  cuts,
  incidents: [],
});

const rowsFrom = (
  seen: WindowReport,
  twice: Readonly<Record<string, number>> = {},
  excused = (_cut: Cut): boolean => false,
) => rowsOf({ fault: "a fault", recoveryMs: 10, seen, twice, excused });

const missed = (rows: Parameters<typeof measurementsOf>[0]): string[] =>
  judge(measurementsOf(rows)).bars.flatMap((bar) => (bar.ok ? [] : [bar.name]));

const cut = (proxy: string): Cut => ({ name: "GET", atMs: 0, proxy, begun: false, pid: 0 });

const values = (bar: "failover" | "rate", ...numbers: number[]) => numbers.map((value) => ({ bar, value }));

const runOf = (seen: WindowReport): FaultRun => ({
  fault: "a fault",
  round: 1,
  recoveryMs: 10,
  measured: [],
  notes: [],
  failure: "",
  seen: { ...seen, seconds: 1 },
});

const verdictOf = (seen: WindowReport, failure = "") =>
  judged([{ notRun: [], runs: [{ ...runOf(seen), failure }], rows: rowsFrom(seen) }]);

describe("outcomes of answers", () => {
  it.each([
    [200, true, "HTTP/1.1 200 OK\r\n\r\n", "ok"],
    [200, true, "HTTP/1.1 200 OK\r\nX-Manta-Retries: 1\r\n\r\n", "saved"],
    [200, false, "HTTP/1.1 200 OK\r\nx-manta-retries: 1\r\n\r\n", "failed"],
    [503, true, "HTTP/1.1 503 \r\nx-manta-reason: actor_died\r\n\r\n", "refused"],
    [503, true, "HTTP/1.1 503 \r\nx-manta-reason: queue_full\r\n\r\n", "failed"],
    [503, true, "HTTP/1.1 503 \r\n\r\n", "failed"],
    [500, true, "HTTP/1.1 500 \r\nx-manta-reason: actor_died\r\n\r\n", "failed"],
    [404, true, "HTTP/1.1 404 \r\n\r\n", "failed"],
  ] as const)("%i, right: %s, %j: %s", (status, right, head, outcome) => {
    expect(outcomeOf(status, right, kindOf(status, head))).toBe(outcome);
  });

  it("knows a proxy by how its request ids begin, and reads its reason", () => {
    const head =
      "HTTP/1.1 503 \r\nx-request-id: 01234567-89ab-4cde-8f01-0000000000a1\r\nx-manta-reason: queue_full\r\n";
    expect(proxyOf(head)).toBe("01234567-89ab-4cde-8f01");
    expect(reasonOf(head)).toBe("queue_full");
    expect(proxyOf("HTTP/1.1 200 OK\r\n")).toBe("");
  });
});

describe("bars", () => {
  it("are met by a run without a failure", () => {
    expect(missed(rowsFrom(windowOf()))).toEqual([]);
  });

  it.each([
    ["failed requests of saveable classes", "GET", { failed: 1 }],
    ["failed requests of the other classes (neither answered nor refused with the reason)", "POST", { failed: 1 }],
    ["saveable requests refused", "POST key", { refused: 1 }],
    ["failed requests of saveable classes", "POST fruit", { cut: 1 }],
    ["requests sent in every row", "SSE", { sent: 0 }],
  ] as const)("miss: %s, by one %s", (bar, name, change) => {
    expect(missed(rowsFrom(windowOf({ [name]: change })))).toEqual([bar]);
  });

  it("let a POST that may not be repeated be refused", () => {
    expect(missed(rowsFrom(windowOf({ POST: { refused: 3 } })))).toEqual([]);
  });

  it("miss where a POST without a key ran twice, and not where one with a key did", () => {
    expect(missed(rowsFrom(windowOf(), { POST: 1 }))).toEqual(["executed twice without being repeatable"]);
    expect(missed(rowsFrom(windowOf(), { "POST key": 1 }))).toEqual([]);
  });

  it("excuse a cut in what was killed, and no other", () => {
    const seen = windowOf({ GET: { cut: 2 } }, [cut("killed"), cut("alive")]);
    const rows = rowsFrom(seen, {}, ({ proxy }) => proxy === "killed");
    expect(rows.find((row) => row.traffic === "GET")).toMatchObject({ cut: 1, failed: 1 });
    expect(missed(rows)).toEqual(["failed requests of saveable classes"]);
  });

  it("hold the worst value against its limit, and a value that is none is missed", () => {
    expect(judge(values("failover", 10, 4_999)).bars).toMatchObject([{ ok: true, value: 4_999, count: 2 }]);
    expect(judge(values("failover", 10, 5_001)).bars).toMatchObject([{ ok: false, value: 5_001 }]);
    expect(judge(values("rate", 499)).bars).toMatchObject([{ ok: false }]);
    expect(judge(values("failover", Number.NaN)).bars).toMatchObject([{ ok: false }]);
    expect(judge([]).notMeasured).toContain("head failover to a standby, p99");
  });
});

describe("the exit code", () => {
  it("is 0 for a run that meets every bar, 1 for one failed request, one fault without recovery, no run at all", () => {
    expect(exitCodeOf(verdictOf(windowOf()))).toBe(0);
    expect(exitCodeOf(verdictOf(windowOf({ GET: { failed: 1 } })))).toBe(1);
    expect(exitCodeOf(verdictOf(windowOf(), "not whole"))).toBe(1);
    expect(exitCodeOf(judged([{ notRun: [], runs: [], rows: [], broken: true }]))).toBe(1);
    expect(exitCodeOf(judged([]))).toBe(1);
  });

  it("is a miss where a round of every fault did not measure one", () => {
    const blind = verdictOf(windowOf());
    expect(exitCodeOf(blind, { everyFault: true })).toBe(1);
    expect(exitCodeOf({ ...blind, notRun: [{ fault: "clock-jump", why: "time is over" }] }, { everyFault: true })).toBe(
      0,
    );
  });
});

describe("the table", () => {
  it("adds up the times of a fault and keeps the worst times", () => {
    const rows = mergeRows([...rowsFrom(windowOf({ GET: { p999Ms: 9 } })), ...rowsFrom(windowOf())]);
    expect(rows).toHaveLength(classes.length);
    expect(rows[0]).toMatchObject({ traffic: "GET", times: 2, sent: 200, ok: 200, p999Ms: 9 });
    expect(tableOf(rows)).toContain("a fault  (2 times, recovery ms 10)");
    expect(markdownTableOf(rows)).toContain(`| a fault | 2 | ${200 * classes.length} |`);
  });

  it("of a document has the times of small requests: streams last seconds by themselves", () => {
    const rows = rowsFrom(windowOf({ "POST key": { p999Ms: 9 }, SSE: { p999Ms: 2_000, longestGapMs: 1_000 } }));
    expect(markdownTableOf(rows)).toContain("| 9 | 4 | 10 |");
  });
});
