import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { root } from "./docs-blocks.ts";

const execute = promisify(execFile);

interface Report {
  readonly bars: readonly { name: string; bar: string; value: string | number; ok: boolean }[];
  readonly machine: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** Bars of time and rate are for a machine that has nothing else to do. */
const isTime = (bar: { readonly bar: string }): boolean => /(ms|×|\/s)$/.test(bar.bar);

it("the walk by its own command: every part killed in turn, every bar met", { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "manta-walk-"));
  try {
    const file = join(folder, "walk.json");
    const args = ["run", "-s", "chaos", "--", "--scenario", "walk", "--seconds", "1", "--json", file];
    // Exit 1 may be for a time that a busy machine has missed: what counts here are the counts.
    const { stdout } = await execute("npm", args, { cwd: root, timeout: 270_000 }).catch(
      (error: Error & { stdout?: string }) => ({ stdout: error.stdout ?? error.message }),
    );
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    expect(report).toMatchObject({ seed: 1, scenario: "walk", machine: { node: process.version } });
    for (const bar of report.bars.filter((one) => !isTime(one))) {
      expect(bar).toMatchObject({ ok: true });
    }
    const faults = new Set(report.rows.map((row) => row.fault));
    const wanted = [/^replica/, /^proxy/, /^controller/, /^worker node/, /^head/];
    for (const fault of wanted) expect([...faults].join("\n")).toMatch(new RegExp(fault.source, "m"));
    for (const row of report.rows) expect(row).toMatchObject({ failed: 0, recoveryMs: expect.any(Number) as number });
    expect(stdout).toContain("recovery ms");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
