/**
 * `npm run quickstart [-- --runs N] [--load RPS] [--quiet]`: the commands of docs/quickstart-kubernetes.md, each time on
 * a fresh small Kubernetes, or on the cluster of MANTA_TEST_KUBECONFIG. Exit code 1 where a request failed.
 */
import { parseArgs } from "node:util";
import { providePrograms } from "../../../tools/test/provide-programs.ts";
import { failuresOf } from "../open-load.ts";
import { type QuickstartResult, runQuickstart } from "./run-quickstart.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1" },
    load: { type: "string", default: "0" },
    quiet: { type: "boolean", default: false },
  },
});
const [runs, loadPerSecond] = [Number(values.runs), Number(values.load)];
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: must be a whole number from 1`);
if (!(loadPerSecond >= 0 && loadPerSecond <= 10_000)) throw new Error(`--load ${values.load}: must be from 0 to 10000`);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(1)} s`;

const report = (run: number, result: QuickstartResult): number => {
  const { load, requests, failures } = result;
  say(`\n--- run ${run} of ${runs}: the query pod's last lines`);
  for (const line of [...result.complaints, ...result.lastLines]) say(line);
  say(`Ready after ${seconds(result.readyMs)}; the head replaced after ${seconds(result.replacedMs)}`);
  say(`query pod: ${requests} requests, num_fail: ${failures}`);
  if (load === undefined) return failures;
  const { sent, wrong, statuses, cut, timedOut, refused } = load;
  const details = JSON.stringify({ wrong, statuses, cut, timedOut, refused });
  say(`load of ${loadPerSecond}/s: ${sent} requests, ${failuresOf(load)} failed ${details}`);
  say(`longest gap ${Math.round(load.longestGapMs)} ms, p99 ${Math.round(load.p99Us / 1000)} ms`);
  return failures + failuresOf(load);
};

const { MANTA_TEST_KUBECONFIG: kubeconfig } = process.env;
if (kubeconfig !== undefined && loadPerSecond > 0)
  throw new Error("--load: not on the cluster of MANTA_TEST_KUBECONFIG");
providePrograms(say);
let failures = 0;
for (let run = 1; run <= runs; run += 1) {
  const result = await runQuickstart({ kubeconfig, loadPerSecond, say: values.quiet ? () => undefined : say });
  failures += report(run, result);
}
say(`\n${runs} runs, ${failures} failed requests`);
process.exitCode = failures === 0 ? 0 : 1;
