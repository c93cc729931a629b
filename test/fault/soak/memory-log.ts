import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { killPid } from "@manta/testkit";
import { waitFor } from "../../../packages/mantaray/src/base/wait.ts";

/** Memory of one process at one moment, garbage collected. Bytes. */
export interface MemorySample {
  readonly atSeconds: number;
  readonly deaths: number;
  readonly redeploys: number;
  readonly rss: number;
  /** Heap and what it holds outside. */
  readonly live: number;
}

/** Asks processes for their memory (`memory-probe.ts`). */
export class MemoryLog {
  readonly samples = new Map<string, MemorySample[]>();
  readonly #runDir: string;

  constructor(runDir: string) {
    this.#runDir = runDir;
  }

  async sample(
    name: string,
    pid: number,
    facts: Pick<MemorySample, "atSeconds" | "deaths" | "redeploys">,
  ): Promise<void> {
    const file = join(this.#runDir, `memory-${pid}`);
    // What follows the last line break is being written.
    const linesOf = (): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
    const before = linesOf().length;
    killPid(pid, "SIGUSR2");
    const line = await waitFor(() => linesOf()[before], { timeoutMs: 20_000, what: `the memory of ${name}` });
    const { rss, heapUsed, external } = JSON.parse(line) as Record<"rss" | "heapUsed" | "external", number>;
    const known = this.samples.get(name) ?? [];
    this.samples.set(name, [...known, { ...facts, rss, live: heapUsed + external }]);
  }
}

/** What is left out as warm-up: caches and bounded histories fill. */
const warmUpShare = 0.25;
/** Samples at each end whose median counts: one sample may fall into the middle of something. */
const endShare = 0.2;

/** Growth in per cent from the end of the warm-up to the end. */
export const growthOf = (values: readonly number[]): number => {
  const warm = values.slice(Math.floor(values.length * warmUpShare));
  const count = Math.max(1, Math.round(warm.length * endShare));
  return (median(warm.slice(-count)) / median(warm.slice(0, count)) - 1) * 100;
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
