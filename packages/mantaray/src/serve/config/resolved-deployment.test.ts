import { describe, expect, it } from "vitest";
import { compareConfigs, settingsOf, versionOf } from "./deployment-revision.ts";
import type { CodeOptions, DeploymentConfig } from "./deployment-schema.ts";
import { resolveDeployment } from "./resolved-deployment.ts";
import { atCapacity } from "./target-capacity.ts";

const code = { bundleId: "b1", exportName: "app", builderArgs: {} };
const spec = (options: CodeOptions, more: Partial<typeof code> = {}) => ({
  code: { ...code, ...more },
  resolved: resolveDeployment("D", { code: options }),
});

describe("merging", () => {
  it("has the reference's defaults", () => {
    const resolved = resolveDeployment("D", { code: {} });
    expect(resolved).toMatchObject({
      num_replicas: 1,
      max_ongoing_requests: 5,
      max_queued_requests: -1,
      user_config: null,
      autoscaling_config: null,
      graceful_shutdown_wait_loop_s: 2,
      graceful_shutdown_timeout_s: 20,
      health_check_period_s: 10,
      health_check_timeout_s: 30,
      ray_actor_options: { num_cpus: 1, num_gpus: 0, memory: 0, resources: {}, runtime_env: {} },
      max_replicas_per_node: null,
      rolling_update_percentage: 0.2,
      max_constructor_retry_count: 20,
    });
    expect(Object.isFrozen(resolved.ray_actor_options)).toBe(true);
  });

  it("gives a deployment the variables of its application, and its own over them", () => {
    const resolved = resolveDeployment("D", {
      appDefaults: { env_vars: { A: "app", B: "app" } },
      code: { ray_actor_options: { runtime_env: { env_vars: { B: "own", C: "own" } } } },
    });
    expect(resolved.ray_actor_options.runtime_env).toEqual({ env_vars: { A: "app", B: "own", C: "own" } });
  });

  it("lets the config win over the code, field by field", () => {
    const resolved = resolveDeployment("D", {
      code: { num_replicas: 3, user_config: { price: 1 }, max_ongoing_requests: 7 },
      override: { name: "D", num_replicas: 2, user_config: { price: 4 } },
    });
    expect(resolved).toMatchObject({ num_replicas: 2, user_config: { price: 4 }, max_ongoing_requests: 7 });
  });

  it.each<[string, CodeOptions, Partial<DeploymentConfig>, number, number | null]>([
    ["auto", { num_replicas: "auto" }, {}, 1, 100],
    [
      "auto with an initial count",
      { num_replicas: "auto", autoscaling_config: { initial_replicas: 4, max_replicas: 8 } },
      {},
      4,
      8,
    ],
    [
      "a fixed count over autoscaling",
      { autoscaling_config: { min_replicas: 3, max_replicas: 5 } },
      { num_replicas: 2 },
      2,
      null,
    ],
    [
      "autoscaling over a fixed count",
      { num_replicas: 7 },
      { autoscaling_config: { min_replicas: 3, max_replicas: 5 } },
      3,
      5,
    ],
    ["scale from zero", {}, { autoscaling_config: { min_replicas: 0, max_replicas: 5 } }, 0, 5],
  ])("%s", (_what, options, override, count, high) => {
    const resolved = resolveDeployment("D", { code: options, override: { name: "D", ...override } });
    expect(resolved.num_replicas).toBe(count);
    expect(resolved.autoscaling_config?.max_replicas ?? null).toBe(high);
  });
});

describe("what a change costs", () => {
  it.each<[string, CodeOptions, CodeOptions, Partial<typeof code>, string]>([
    ["nothing", { user_config: { a: 1, b: 2 } }, { user_config: { b: 2, a: 1 } }, {}, "none"],
    ["other code", {}, {}, { bundleId: "b2" }, "restart"],
    ["another export", {}, {}, { exportName: "other" }, "restart"],
    ["resources", {}, { ray_actor_options: { num_cpus: 2 } }, {}, "restart"],
    ["env_vars", {}, { ray_actor_options: { runtime_env: { env_vars: { A: "1" } } } }, {}, "restart"],
    ["max_replicas_per_node", {}, { max_replicas_per_node: 1 }, {}, "restart"],
    ["user_config", { user_config: 1 }, { user_config: 2 }, {}, "reconfigure"],
    ["max_ongoing_requests", {}, { max_ongoing_requests: 9 }, {}, "reconfigure"],
    ["graceful_shutdown_wait_loop_s", {}, { graceful_shutdown_wait_loop_s: 9 }, {}, "reconfigure"],
    ["logging_config", {}, { logging_config: { encoding: "JSON" } }, {}, "reconfigure"],
    ["graceful_shutdown_timeout_s", {}, { graceful_shutdown_timeout_s: 9 }, {}, "controller_only"],
    ["health_check_period_s", {}, { health_check_period_s: 9 }, {}, "controller_only"],
    ["health_check_timeout_s", {}, { health_check_timeout_s: 9 }, {}, "controller_only"],
    ["max_constructor_retry_count", {}, { max_constructor_retry_count: 9 }, {}, "controller_only"],
    ["num_replicas", {}, { num_replicas: 9 }, {}, "controller_only"],
    ["max_queued_requests", {}, { max_queued_requests: 9 }, {}, "controller_only"],
    ["rolling_update_percentage", {}, { rolling_update_percentage: 1 }, {}, "controller_only"],
    [
      "autoscaling bounds",
      { autoscaling_config: { max_replicas: 2 } },
      { autoscaling_config: { max_replicas: 3 } },
      {},
      "controller_only",
    ],
  ])("%s", (_what, before, after, more, change) => {
    expect(compareConfigs(spec(before), spec(after, more))).toBe(change);
  });

  it("gives builder arguments a say, whatever the order of their keys", () => {
    const resolved = resolveDeployment("D", { code: {} });
    const version = (builderArgs: Record<string, unknown>): string => versionOf({ ...code, builderArgs }, resolved);
    expect(version({ a: 1, b: 2 })).toBe(version({ b: 2, a: 1 }));
    expect(version({ a: 1 })).not.toBe(version({ a: 2 }));
    expect(settingsOf(resolved)).toHaveLength(32);
  });
});

describe("target capacity", () => {
  it.each([
    [10, null, 10],
    [10, 100, 10],
    [10, 25, 3],
    [10, 24, 2],
    [1, 1, 1],
    [3, 50, 2],
    [5, 0, 1],
    [0, 50, 0],
  ])("%i at %s percent is %i", (replicas, percent, expected) => {
    expect(atCapacity(replicas, percent)).toBe(expected);
  });
});
