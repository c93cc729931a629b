import { describe, expect, it } from "vitest";
import { type ServeDetails, serveDetailsSchema } from "../../protocol/serve-details.ts";
import { serveStatus } from "./serve-status.ts";
import { stateListYaml, yamlText } from "./yaml-text.ts";

const actor = {
  node_id: "n",
  node_ip: "127.0.0.1",
  node_instance_id: null,
  actor_id: "a",
  actor_name: "x",
  worker_id: "w",
  log_file_path: null,
};

const replica = (state: string): unknown => ({ ...actor, replica_id: "r", state, pid: 1, start_time_s: 1.5 });

const details: ServeDetails = serveDetailsSchema.parse({
  controller_info: actor,
  proxies: { "91f9a685e662313a0075efcb": { ...actor, status: "HEALTHY" } },
  applications: {
    fruit: {
      name: "fruit",
      route_prefix: "/",
      docs_path: null,
      status: "RUNNING",
      message: "",
      last_deployed_time_s: 1700000000,
      deployed_app_config: null,
      source: "declarative",
      external_scaler_enabled: false,
      deployment_topology: null,
      deployments: {
        MangoStand: {
          name: "MangoStand",
          status: "HEALTHY",
          status_trigger: "CONFIG_UPDATE_COMPLETED",
          message: "",
          deployment_config: {},
          target_num_replicas: 2,
          required_resources: {},
          replicas: [replica("RUNNING"), replica("RUNNING"), replica("STARTING")],
        },
      },
    },
  },
  target_capacity: null,
});

describe("the YAML of serve status", () => {
  it("has the reference's shape", () => {
    expect(yamlText(serveStatus(details), { floats: ["last_deployed_time_s"] })).toBe(`proxies:
  91f9a685e662313a0075efcb: HEALTHY
applications:
  fruit:
    status: RUNNING
    message: ''
    last_deployed_time_s: 1700000000.0
    deployments:
      MangoStand:
        status: HEALTHY
        status_trigger: CONFIG_UPDATE_COMPLETED
        replica_states:
          RUNNING: 2
          STARTING: 1
        message: ''
target_capacity: null
`);
  });

  it("does not fold or misread what applications say", () => {
    const long = "x ".repeat(100).trim();
    expect(yamlText({ message: long, id: "123e4567", no: "no" })).toBe(
      `message: ${long}\nid: '123e4567'\n'no': 'no'\n`,
    );
  });
});

describe("the YAML of the State commands", () => {
  it("is one document a list", () => {
    expect(stateListYaml([{ actor_id: "a", death_cause: { kind: "KILLED" }, pid: null }])).toBe(`---
-   actor_id: a
    death_cause:
        kind: KILLED
    pid: null
...
`);
  });
});
