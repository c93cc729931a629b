import { describe, expect, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import { parseDeployConfig, parseDeployYaml } from "./parse-deploy-config.ts";

const app = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  import_path: "fruit:deployment_graph",
  ...fields,
});

const refusal = (value: unknown): string => {
  try {
    parseDeployConfig(value);
  } catch (error) {
    expect(MantaError.from(error).code).toBe("invalid_config");
    return MantaError.from(error).rawMessage;
  }
  return "accepted";
};

const withDeployment = (fields: Record<string, unknown>): unknown => ({
  applications: [app({ deployments: [{ name: "D", ...fields }] })],
});

describe("what is accepted", () => {
  it("gives back exactly what was submitted", () => {
    const value = {
      applications: [app({ deployments: [{ name: "MangoStand", num_replicas: 2, user_config: { price: 3 } }] })],
    };
    expect(parseDeployConfig(value)).toEqual(value);
  });

  it.each([
    [{ applications: [] }],
    [{ applications: [], proxy_location: "NoServer", target_capacity: 0, http_options: {}, grpc_options: null }],
    [{ applications: [app({ import_path: "fruit.deployment_graph" })] }],
    [{ applications: [app({ route_prefix: null }), app({ name: "b", route_prefix: null })] }],
    [{ applications: [app({ runtime_env: {}, deployments: [], args: { a: [1] } })] }],
    [{ applications: [app({ deployments: [{ name: "D", placement_group_bundles: null, deployment_actors: [] }] })] }],
    [withDeployment({ num_replicas: "auto", autoscaling_config: { max_replicas: 5 } })],
    [withDeployment({ num_replicas: null, autoscaling_config: { min_replicas: 0, max_replicas: 5 } })],
    [withDeployment({ request_router_config: {}, logging_config: { encoding: "JSON", log_level: 10 } })],
  ])("accepts %j", (value) => {
    expect(parseDeployConfig(value)).toEqual(value);
  });
});

const refusals: [string, unknown, string][] = [
  ["no value", undefined, "config: is required, must be a map"],
  ["no applications", {}, "applications: is required, must be a list of applications"],
  [
    "a top-level typing error",
    { applications: [], proxy_locaton: "EveryNode" },
    'proxy_locaton: unknown key, did you mean "proxy_location"?',
  ],
  [
    "camel case",
    withDeployment({ numReplicas: 2 }),
    'applications.0.deployments.0.numReplicas: unknown key, did you mean "num_replicas"?',
  ],
  [
    "an unknown location",
    { applications: [], proxy_location: "Some" },
    'proxy_location: must be one of "Disabled", "HeadOnly", "EveryNode", "NoServer", got "Some"',
  ],
  [
    "a capacity above 100",
    { applications: [], target_capacity: 101 },
    "target_capacity: must be a number from 0 to 100, got 101",
  ],
  [
    "a bad port",
    { applications: [], http_options: { port: 0 } },
    "http_options.port: must be a port from 1 to 65535, got 0",
  ],
  [
    "two apps of one name",
    { applications: [app(), app({ route_prefix: "/b" })] },
    'applications.1.name: must be unique, got "default"',
  ],
  [
    "two apps on one route",
    { applications: [app(), app({ name: "b" })] },
    'applications.1.route_prefix: must be unique: application "default" has the same, got "/"',
  ],
  [
    "an import path without export",
    { applications: [app({ import_path: "fruit" })] },
    'applications.0.import_path: must look like "module:export" or "module.export", got "fruit"',
  ],
  [
    "an import path with two colons",
    { applications: [app({ import_path: "a:b:c" })] },
    'applications.0.import_path: must look like "module:export" or "module.export", got "a:b:c"',
  ],
  [
    "a route without slash",
    { applications: [app({ route_prefix: "a" })] },
    'applications.0.route_prefix: must be null, "/" or begin with "/", without "/" at the end, "{" or "}", got "a"',
  ],
  [
    "a route with slash at the end",
    { applications: [app({ route_prefix: "/a/" })] },
    'applications.0.route_prefix: must be null, "/" or begin with "/", without "/" at the end, "{" or "}", got "/a/"',
  ],
  [
    "app-level port",
    { applications: [app({ port: 9 })] },
    "applications.0.port: belongs in http_options.port: it cannot be set for one application, got 9",
  ],
  [
    "no replicas",
    withDeployment({ num_replicas: 0 }),
    'applications.0.deployments.0.num_replicas: must be a whole number from 1 to 10000, "auto" or null, got 0',
  ],
  [
    "half a replica",
    withDeployment({ num_replicas: 1.5 }),
    'applications.0.deployments.0.num_replicas: must be a whole number from 1 to 10000, "auto" or null, got 1.5',
  ],
  [
    "two replica counts",
    withDeployment({ num_replicas: 2, autoscaling_config: {} }),
    'applications.0.deployments.0.num_replicas: must be "auto" or unset where autoscaling_config is given, got 2',
  ],
  [
    "max below min",
    withDeployment({ autoscaling_config: { min_replicas: 3, max_replicas: 2 } }),
    "applications.0.deployments.0.autoscaling_config.max_replicas: must be at least min_replicas (3), got 2",
  ],
  [
    "a queue of none",
    withDeployment({ max_queued_requests: 0 }),
    "applications.0.deployments.0.max_queued_requests: must be -1 (no limit) or a whole number above 0, got 0",
  ],
  [
    "too many per node",
    withDeployment({ max_replicas_per_node: 101 }),
    "applications.0.deployments.0.max_replicas_per_node: must be a whole number from 1 to 100, got 101",
  ],
  [
    "placement groups",
    withDeployment({ placement_group_bundles: [{ CPU: 1 }] }),
    'applications.0.deployments.0.placement_group_bundles: placement_group_bundles is not supported yet: leave it unset, got [{"CPU":1}]',
  ],
  [
    "gangs",
    withDeployment({ gang_scheduling_config: { gang_size: 2 } }),
    'applications.0.deployments.0.gang_scheduling_config: gang_scheduling_config is not supported yet: leave it unset, got {"gang_size":2}',
  ],
  [
    "a period of none",
    withDeployment({ health_check_period_s: 0 }),
    "applications.0.deployments.0.health_check_period_s: must be a number above 0, got 0",
  ],
  [
    "a negative resource",
    withDeployment({ ray_actor_options: { num_cpus: -1 } }),
    "applications.0.deployments.0.ray_actor_options.num_cpus: must be a number, 0 or more, got -1",
  ],
  [
    "a working_dir that must be fetched",
    { applications: [app({ runtime_env: { working_dir: "https://example.com/app.zip" } })] },
    'applications.0.runtime_env.working_dir: must be a folder on the head, as a path or a file:// address: remote archives are not fetched, got "https://example.com/app.zip"',
  ],
  [
    "a variable that is no text",
    withDeployment({ ray_actor_options: { runtime_env: { env_vars: { A: 1 } } } }),
    "applications.0.deployments.0.ray_actor_options.runtime_env.env_vars.A: must be a text, got a value that is not shown",
  ],
  [
    "a deployment twice",
    { applications: [app({ deployments: [{ name: "D" }, { name: "D" }] })] },
    'applications.0.deployments.1.name: must be unique in its application, got "D"',
  ],
  [
    "a nameless deployment",
    { applications: [app({ deployments: [{}] })] },
    "applications.0.deployments.0.name: is required, must be a text that is not empty",
  ],
  [
    "external scaler beside autoscaling",
    { applications: [app({ external_scaler_enabled: true, deployments: [{ name: "D", num_replicas: "auto" }] })] },
    'applications.0.deployments.0.autoscaling_config: must be unset where external_scaler_enabled is true, got "auto"',
  ],
];

describe("what is refused, and how it reads", () => {
  it.each(refusals)("%s", (_what, value, text) => {
    expect(refusal(value)).toBe(text);
  });
});

describe("an error text", () => {
  it("lists every problem, one a line", () => {
    const text = refusal({
      applications: [app({ deployments: [{ name: 3, num_replicas: -1 }] })],
      target_capacity: "x",
    });
    expect(text.split("\n")).toHaveLength(3);
  });

  it("does not quote what may be a secret", () => {
    expect(refusal({ applications: [], http_options: { ssl_keyfile_password: "hunter2" } })).not.toContain("hunter2");
  });
});

describe("YAML", () => {
  it("reads the same as JSON", () => {
    const text =
      "applications:\n  - import_path: fruit.deployment_graph\n    deployments:\n      - name: MangoStand\n        num_replicas: 2\n";
    expect(parseDeployYaml(text).applications[0]?.deployments?.[0]).toEqual({ name: "MangoStand", num_replicas: 2 });
  });

  it("names line and column of a syntax error", () => {
    expect(() => parseDeployYaml("applications:\n  - import_path: a:b\n   name: x\n")).toThrow(/line 3, column \d+/);
  });

  it("refuses a key given twice, and a bomb of aliases", () => {
    expect(() => parseDeployYaml("applications: []\napplications: []\n")).toThrow(/line 2/);
    const bomb = `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${"*a,".repeat(9)}]`).join("\n")}\n`;
    const nested = `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n`;
    expect(() => parseDeployYaml(bomb)).toThrow(/invalid_config/);
    expect(() => parseDeployYaml(nested)).toThrow(/alias/i);
  });
});
