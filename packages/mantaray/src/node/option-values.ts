import { isIP } from "node:net";
import { MantaError } from "../base/errors.ts";

/** Refuses an option: names it, its value and the rule it breaks. */
export const refuseOption = (option: string, value: unknown, rule: string): never => {
  throw new MantaError("invalid_argument", `${option} must be ${rule}, got ${JSON.stringify(value)}`, {
    details: { option },
  });
};

/** A TCP port; 0 picks a free one. */
export const portValue = (option: string, value: number | string | undefined, fallback: number): number => {
  const port = toNumber(value, fallback);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    refuseOption(option, value, "a whole number from 0 to 65535");
  return port;
};

/** An amount of a resource: any number from 0. */
export const amountValue = (option: string, value: number | string | undefined, fallback: number): number => {
  const amount = toNumber(value, fallback);
  if (!Number.isFinite(amount) || amount < 0) refuseOption(option, value, "a number of at least 0");
  return amount;
};

/** A whole number between two bounds. */
export const countValue = (
  option: string,
  value: number | string | undefined,
  fallback: number,
  countMax: number,
): number => {
  const count = toNumber(value, fallback);
  if (!Number.isInteger(count) || count < 0 || count > countMax) {
    refuseOption(option, value, `a whole number from 0 to ${countMax}`);
  }
  return count;
};

/** An IP address without brackets. */
export const ipValue = (option: string, value: string): string => {
  if (isIP(value) === 0) refuseOption(option, value, "an IP address");
  return value;
};

/** `host:port`, with or without `tcp:` in front; returned without. */
export const addressValue = (option: string, value: string): string => {
  const text = value.replace(/^tcp:/, "").trim();
  const split = text.lastIndexOf(":");
  const port = Number(text.slice(split + 1));
  if (split < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) refuseOption(option, value, '"host:port"');
  return text;
};

/** Custom resources: a JSON object of amounts; CPU and GPU have options of their own. */
export const resourcesValue = (
  option: string,
  value: string | Readonly<Record<string, number>> | undefined,
): Record<string, number> => {
  const rule = 'a JSON object of numbers of at least 0, such as {"SSD": 2}';
  const parsed = typeof value === "string" ? parseJsonObject(option, value, rule) : (value ?? {});
  const resources: Record<string, number> = {};
  for (const [name, amount] of Object.entries(parsed)) {
    if (name === "CPU" || name === "GPU") refuseOption(option, value, `without ${name}: that has an option of its own`);
    if (name === "" || typeof amount !== "number" || !Number.isFinite(amount) || amount < 0)
      refuseOption(option, value, rule);
    resources[name] = amount as number;
  }
  return resources;
};

/** Labels: `key=value,key=value` or a JSON object of strings. */
export const labelsValue = (
  option: string,
  value: string | Readonly<Record<string, string>> | undefined,
): Record<string, string> => {
  const rule = 'key=value pairs ("zone=a,disk=ssd") or a JSON object of strings';
  if (value === undefined || value === "") return {};
  const pairs: [string, unknown][] =
    typeof value !== "string"
      ? Object.entries(value)
      : value.trim().startsWith("{")
        ? Object.entries(parseJsonObject(option, value, rule))
        : value.split(",").map((pair): [string, unknown] => {
            const at = pair.indexOf("=");
            return at < 1 ? ["", undefined] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
          });
  const labels: Record<string, string> = {};
  for (const [key, label] of pairs) {
    if (key === "" || typeof label !== "string") refuseOption(option, value, rule);
    labels[key] = label as string;
  }
  return labels;
};

const parseJsonObject = (option: string, value: string, rule: string): Record<string, unknown> => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value === "" ? "{}" : value);
  } catch {
    refuseOption(option, value, rule);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) refuseOption(option, value, rule);
  return parsed as Record<string, unknown>;
};

/** Empty text is no number: it is refused by the NaN it becomes. */
const toNumber = (value: number | string | undefined, fallback: number): number => {
  if (value === undefined) return fallback;
  if (typeof value === "number") return value;
  return value.trim() === "" ? Number.NaN : Number(value);
};
