import { apiLimits } from "../../packages/operator/src/api/limits.ts";
import type { RuleSet } from "../../packages/operator/src/api/rules/rule.ts";
import { clusterObjectRuleSets, clusterSpecRuleSets } from "../../packages/operator/src/api/validate-ray-cluster.ts";
import { serviceObjectRuleSets, serviceSpecRuleSets } from "../../packages/operator/src/api/validate-ray-service.ts";

const escape = (text: string): string => text.replaceAll("|", "\\|").replaceAll("*", "\\*");

const rows = (sets: readonly RuleSet[], prefix: string): string[] =>
  sets.flatMap((set) =>
    set.rules.map((rule) => {
      const field = [prefix, ...set.path, rule.field]
        .filter((part) => part !== "")
        .join(".")
        .replaceAll(".*", "[]");
      const where = rule.cel === undefined ? "operator" : rule.holds === undefined ? "apply" : "apply, operator";
      return `| \`${field}\` | ${escape(rule.message)} | ${where} |`;
    }),
  );

const table = (lines: readonly string[]): string =>
  ["| field | rule | checked by |", "|---|---|---|", ...new Set(lines)].join("\n");

/** Every rule about a RayCluster beyond its schema, as Markdown. */
export const clusterRuleTable = (): string =>
  table([...rows(clusterObjectRuleSets, ""), ...rows(clusterSpecRuleSets, "spec")]);

/** Every rule that a RayService has beside those of its cluster. */
export const serviceRuleTable = (): string =>
  table([
    ...rows(serviceObjectRuleSets, ""),
    ...rows(
      serviceSpecRuleSets.filter((set) => set.path[0] !== "rayClusterConfig"),
      "spec",
    ),
  ]);

/** Bounds of lists, maps and texts. */
export const boundTable = (): string =>
  [
    "| bound | at most |",
    "|---|---|",
    ...Object.entries(apiLimits).map(([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`),
  ].join("\n");
