import { describe, expect, it } from "vitest";
import { rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";
import { containerCommand, startCommand } from "./start-command.ts";
import { type NodeRole, startParams } from "./start-params.ts";

const paramsOf = (sketch: Parameters<typeof rayCluster>[0], role: NodeRole = "head"): Record<string, string> => {
  const cluster = rayCluster(sketch);
  const [group] = cluster.spec.workerGroupSpecs ?? [];
  return startParams(
    cluster,
    role === "worker" && group !== undefined ? group : cluster.spec.headGroupSpec,
    role,
    "cluster.local",
  );
};

describe("start parameters", () => {
  it("head: what is missing is filled in", () => {
    expect(paramsOf({ headContainer: { resources: { limits: { cpu: "1500m", memory: "5Gi" } } } })).toEqual({
      "num-cpus": "2",
      memory: "5368709120",
      "dashboard-host": "0.0.0.0",
      "metrics-export-port": "8080",
      "dashboard-agent-listen-port": "52365",
      block: "true",
    });
  });

  it("what the user says wins", () => {
    const params = paramsOf({
      headContainer: { resources: { limits: { cpu: "4", "nvidia.com/gpu": "2" } } },
      head: { rayStartParams: { "num-cpus": "0", "num-gpus": "1", "dashboard-host": "127.0.0.1", block: "false" } },
    });
    expect(params).toMatchObject({ "num-cpus": "0", "num-gpus": "1", "dashboard-host": "127.0.0.1", block: "false" });
  });

  it("CPU requests count where there is no limit, memory requests do not", () => {
    const params = paramsOf({ headContainer: { resources: { requests: { cpu: "2", memory: "1Gi" } } } });
    expect(params["num-cpus"]).toBe("2");
    expect(params.memory).toBeUndefined();
  });

  it("worker: the head's Service is its address, at the head's own port", () => {
    expect(paramsOf({ head: { rayStartParams: { port: "6380" } } }, "worker").address).toBe(
      "sample-head-svc.default.svc.cluster.local:6380",
    );
  });

  it("the first GPU key in the order of names is the one", () => {
    const resources = { limits: { "nvidia.com/mig-1g.5gb": "3", "amd.com/gpu": "2" } };
    expect(paramsOf({ headContainer: { resources } })["num-gpus"]).toBe("2");
  });

  it("TPUs are merged into the user's resources", () => {
    const groups = [
      workerGroup(
        "tpu",
        { rayStartParams: { resources: `'{"a": 1}'` } },
        { resources: { limits: { "google.com/tpu": "4" } } },
      ),
    ];
    expect(paramsOf({ groups }, "worker").resources).toBe(`'{"a":1,"TPU":4}'`);
  });

  it("a group's resources and labels become parameters", () => {
    const head = { resources: { CPU: "500m", GPU: "1", memory: "1Gi", custom: "2" }, labels: { b: "2", a: "1" } };
    expect(paramsOf({ head })).toMatchObject({
      "num-cpus": "0.5",
      "num-gpus": "1",
      memory: "1073741824",
      resources: `'{"custom":2}'`,
      labels: "a=1,b=2",
    });
  });

  it("Redis' credentials are variables of the shell", () => {
    const options = { redisUsername: { value: "u" }, redisPassword: { value: "p" } };
    const spec = { gcsFaultToleranceOptions: { ...withRedis.gcsFaultToleranceOptions, ...options } };
    expect(paramsOf({ spec })).toMatchObject({
      "redis-username": "$REDIS_USERNAME",
      "redis-password": "$REDIS_PASSWORD",
    });
  });

  it("a standby follows the head Service", () => {
    expect(paramsOf({ spec: withRedis }, "standby")).toMatchObject({
      standby: "true",
      address: "sample-head-svc.default.svc.cluster.local:6379",
    });
  });
});

describe("start command", () => {
  it("sorts flags, writes true as a bare flag and leaves false out", () => {
    const params = {
      "num-cpus": "1",
      block: "true",
      "no-monitor": "false",
      "include-dashboard": "false",
      "log-color": "true",
    };
    expect(startCommand("head", params)).toBe(
      "ray start --head  --block  --include-dashboard=false  --log-color=true  --num-cpus=1 ",
    );
    expect(startCommand("worker", { block: "true" })).toBe("ray start  --block ");
  });

  const options = { overwrite: false, loginShell: false };

  it("raises the limit of open files first", () => {
    expect(containerCommand({ name: "ray" }, "ray start --head", options)).toEqual({
      command: ["/bin/bash", "-c", "--"],
      // oxlint-disable-next-line no-template-curly-in-string
      args: ["ulimit -n ${RAY_START_ULIMIT_OPEN_FILES:-65536}; ray start --head"],
    });
  });

  it("the user's command goes first", () => {
    const { args } = containerCommand({ name: "ray", command: ["echo"], args: ["hello"] }, "ray start", options);
    expect(args?.[0]).toMatch(/^echo hello && ulimit -n .*; ray start$/);
  });

  it("a login shell where it is asked for", () => {
    expect(containerCommand({ name: "ray" }, "ray start", { ...options, loginShell: true }).command).toEqual([
      "/bin/bash",
      "-lc",
      "--",
    ]);
  });

  it("a user who starts the node himself is left alone, and one who overwrites the command", () => {
    const own = { command: ["bash", "-c", "ray start --head --block"] };
    expect(containerCommand({ name: "ray", ...own }, "ray start", options)).toEqual(own);
    expect(containerCommand({ name: "ray", args: ["sleep 1"] }, "ray start", { ...options, overwrite: true })).toEqual({
      args: ["sleep 1"],
    });
  });
});
