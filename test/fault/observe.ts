import type { Executions } from "./measure/executions.ts";
import type { Measurement } from "./score/bars.ts";
import { type Row, rowsOf } from "./score/rows.ts";
import type { Cut, WindowReport } from "./traffic/report.ts";
import type { TrafficProcess } from "./traffic/traffic-process.ts";
import type { StepResult } from "./types.ts";

/** Answers before the first fault and after each recovery: they show that traffic is whole. */
export const answersAfter = 300;

/** One fault, done once. */
export interface FaultRun {
  readonly fault: string;
  readonly round: number;
  readonly recoveryMs: number;
  readonly measured: readonly Measurement[];
  readonly notes: readonly string[];
  /** Why it did not recover; empty when it did. */
  readonly failure: string;
  readonly seen: WindowReport;
}

/** A fault to do while the traffic is watched. */
export interface Observed {
  readonly title: string;
  readonly round: number;
  readonly traffic: TrafficProcess;
  readonly executions: Executions;
  readonly excuses: (cut: Cut) => boolean;
  readonly say: (line: string) => void;
  run(): Promise<StepResult>;
  /** After a failure of `run`: resolves once the cluster is whole again. */
  repair(): Promise<unknown>;
}

/** What came of it. */
export interface Observation {
  readonly run: FaultRun;
  readonly rows: readonly Row[];
  /** The cluster did not become whole again: nothing more can be learned from it. */
  readonly broken: boolean;
}

/** Does a fault and says what it did to each class of traffic. */
export const observe = async (observed: Observed): Promise<Observation> => {
  const { title, round, traffic, say, excuses } = observed;
  let failure = "";
  let broken = false;
  const result = await observed.run().catch(async (error: unknown): Promise<StepResult> => {
    failure = error instanceof Error ? error.message : String(error);
    say(`${title}: ${failure}`);
    await observed.repair().catch((reason: unknown) => {
      broken = true;
      say(`${title}: ${String(reason)}`);
    });
    return { recoveryMs: -1 };
  });
  if (!broken) {
    await traffic.answers(answersAfter);
    await traffic.everyClass();
  }
  const seen = await traffic.take();
  const { recoveryMs, measured = [], notes = [] } = result;
  const twice = observed.executions.takeTwice();
  const rows = rowsOf({ fault: title, recoveryMs, seen, twice, excused: excuses });
  say(lineOf(title, rows, recoveryMs, notes));
  for (const incident of seen.incidents.slice(0, shownMax)) say(`    ${JSON.stringify(incident)}`);
  const unexcused = seen.cuts.filter((cut) => !excuses(cut));
  for (const cut of unexcused.slice(0, shownMax)) say(`    cut: ${JSON.stringify(cut)}`);
  return { run: { fault: title, round, recoveryMs, measured, notes, failure, seen }, rows, broken };
};

const shownMax = 3;

const lineOf = (title: string, rows: readonly Row[], recoveryMs: number, notes: readonly string[]): string => {
  const sum = (key: "ok" | "saved" | "refused" | "failed" | "cut"): number =>
    rows.reduce((total, row) => total + row[key], 0);
  const counts = `${sum("ok")} ok, ${sum("saved")} saved, ${sum("refused")} refused, ${sum("failed")} failed, ${sum("cut")} cut`;
  return [`${title}: ${counts}, whole again after ${recoveryMs} ms`, ...notes.map((note) => `    ${note}`)].join("\n");
};
