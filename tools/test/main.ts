/**
 * `npm test`: the whole suite, or the files that match the arguments. Ends with `N passed, N failed` alone
 * on a line. A test file that cannot be loaded counts as a failed test.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providePrograms } from "./provide-programs.ts";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

providePrograms((line) => process.stderr.write(`${line}\n`));
const folder = mkdtempSync(join(tmpdir(), "manta-test-"));
const reportPath = join(folder, "report.json");
const child = spawn(
  "vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`, ...process.argv.slice(2)],
  {
    stdio: "inherit",
  },
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));

child.on("close", (code) => {
  const { passed, failed } = count();
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = code === 0 && failed === 0 && passed > 0 ? 0 : 1;
});

const count = (): { passed: number; failed: number } => {
  try {
    const report = JSON.parse(readFileSync(reportPath, "utf8")) as Report;
    const broken = report.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    ).length;
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
  } catch {
    // No report: vitest itself failed, and has said why.
    return { passed: 0, failed: 1 };
  }
};
