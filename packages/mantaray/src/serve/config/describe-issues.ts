import type { z } from "zod";
import { configLimits } from "./limits.ts";

type Issue = z.core.$ZodIssue;

/**
 * One line a problem: `applications.0.deployments.1.num_replicas: must be …, got …`. The schema must
 * have been run with `reportInput: true`. Values of fields that may hold a secret are not quoted.
 */
export const describeIssues = (issues: readonly Issue[], where = ""): string => {
  const lines = issues.flatMap((issue) => describe(issue, where));
  const shown = lines.slice(0, configLimits.issuesMax);
  if (lines.length > shown.length) shown.push(`… and ${lines.length - shown.length} more`);
  return shown.join("\n");
};

const describe = (issue: Issue, where: string): string[] => {
  const path = [...(where === "" ? [] : [where]), ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.message.split("\n").map((line) => (path === "" ? line : `${path}.${line}`));
  }
  const front = path === "" ? "config" : path;
  if (!("input" in issue) || issue.input === undefined) {
    return [issue.code === "custom" ? `${front}: ${issue.message}` : `${front}: is required, ${issue.message}`];
  }
  const value = mayHoldSecret(path) ? "a value that is not shown" : quote(issue.input);
  return [`${front}: ${issue.message}, got ${value}`];
};

const mayHoldSecret = (path: string): boolean => /password|secret|token|env_vars/i.test(path);

const quote = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= configLimits.quotedValueCharsMax
    ? text
    : `${text.slice(0, configLimits.quotedValueCharsMax)}… (${text.length} characters)`;
};
