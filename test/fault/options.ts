import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { StoreKind } from "./cluster/start-cluster.ts";

/** What the command was asked for. */
export interface ChaosOptions {
  readonly list: boolean;
  readonly scenario: string;
  readonly seed: number;
  readonly seconds: number;
  readonly store: StoreKind;
  /** What to tell about the choice of the store; empty for nothing. */
  readonly storeNote: string;
  /** Files of former runs: they are shown and written into docs/reliability.md; nothing is run. */
  readonly report: readonly string[];
  readonly json?: string;
  readonly logs?: string;
}

/** Reads the command line. Throws where an option breaks its rule. */
export const parseChaosOptions = (args: readonly string[], scenarios: readonly string[]): ChaosOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      scenario: { type: "string", default: "walk" },
      seconds: { type: "string", default: "60" },
      store: { type: "string" },
      report: { type: "string", multiple: true, default: [] },
      json: { type: "string" },
      logs: { type: "string" },
    },
  });
  const { list, scenario, report, json, logs } = values;
  if (!scenarios.includes(scenario)) throw new Error(`--scenario ${scenario}: there are ${scenarios.join(", ")}`);
  return {
    list,
    report,
    scenario,
    seed: numberOf("--seed", values.seed),
    seconds: numberOf("--seconds", values.seconds),
    ...storeOf(values.store),
    ...(json === undefined ? {} : { json }),
    ...(logs === undefined ? {} : { logs }),
  };
};

const numberOf = (name: string, text: string): number => {
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, got ${JSON.stringify(text)}`);
  return Number(text);
};

const storeOf = (asked: string | undefined): { store: StoreKind; storeNote: string } => {
  if (asked === "redis" || asked === "embedded") return { store: asked, storeNote: "" };
  if (asked !== undefined) throw new Error(`--store must be redis or embedded, got ${JSON.stringify(asked)}`);
  if (hasRedis()) return { store: "redis", storeNote: "" };
  const storeNote =
    "redis-server is not in PATH: the embedded store, without a standby head (faults that need them are not run)";
  return { store: "embedded", storeNote };
};

const hasRedis = (): boolean => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
