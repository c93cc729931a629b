import { MantaError } from "../../base/errors.ts";
import type { DeploymentOptions } from "./deployment-options.ts";
import { deploymentOptionTable, type OptionTable } from "./option-table.ts";

/** Options as the reference's config spells them (DeploymentSchema): only what was set. */
export type ReferenceOptions = Readonly<Record<string, unknown>>;

/**
 * Checks the options of a deployment and gives them in the reference's spelling. Throws `invalid_config`
 * that names option, value and rule. `where` begins the message, e.g. `deployment(FruitStand)`.
 */
export const toReferenceOptions = (options: DeploymentOptions, where: string): ReferenceOptions => {
  const converted = convert(options as Readonly<Record<string, unknown>>, deploymentOptionTable, where, "");
  if (typeof options.numReplicas === "number" && options.autoscalingConfig !== undefined) {
    throw new MantaError(
      "invalid_config",
      `${where}: numReplicas must be "auto" or left out where autoscalingConfig is given, got ${options.numReplicas}`,
    );
  }
  checkReplicaBounds(options, where);
  return converted;
};

const convert = (
  values: Readonly<Record<string, unknown>>,
  table: OptionTable,
  where: string,
  path: string,
): Record<string, unknown> => {
  const converted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(table, name) ? table[name] : undefined;
    const fullName = `${path}${name}`;
    if (rule === undefined) {
      const known = Object.keys(table).join(", ");
      throw new MantaError("invalid_config", `${where}: there is no option ${fullName} (there are: ${known})`);
    }
    if (!rule.allows(value)) {
      throw new MantaError("invalid_config", `${where}: ${fullName} ${rule.rule}, got ${show(value)}`);
    }
    converted[rule.key] =
      rule.members === undefined
        ? value
        : convert(value as Record<string, unknown>, rule.members, where, `${fullName}.`);
  }
  return converted;
};

const checkReplicaBounds = (options: DeploymentOptions, where: string): void => {
  const bounds = options.autoscalingConfig;
  if (bounds === undefined) return;
  const min = bounds.minReplicas ?? 1;
  const max = bounds.maxReplicas ?? (options.numReplicas === "auto" ? 100 : 1);
  if (min > max) {
    throw new MantaError(
      "invalid_config",
      `${where}: autoscalingConfig.minReplicas must be at most maxReplicas (${max}), got ${min}`,
    );
  }
  const initial = bounds.initialReplicas ?? min;
  if (initial < min || initial > max) {
    throw new MantaError(
      "invalid_config",
      `${where}: autoscalingConfig.initialReplicas must be from ${min} to ${max}, got ${initial}`,
    );
  }
};

const show = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle or a bigint: its kind says enough.
    return Object.prototype.toString.call(value);
  }
};
