import { describe, expect, it } from "vitest";
import { type NodeOptions, resolvedNodeOptionsSchema, resolveNodeOptions } from "./options.ts";

const resolve = (options: NodeOptions, env: Record<string, string> = {}) => resolveNodeOptions(options, env);

describe("resolveNodeOptions", () => {
  it("completes a head with the documented defaults", async () => {
    const options = await resolve({ head: true });
    expect(options).toMatchObject({
      head: true,
      nodeIp: "127.0.0.1",
      gcsAddresses: ["tcp:127.0.0.1:6379"],
      dashboardHost: "127.0.0.1",
      dashboardPort: 8265,
      agentPort: 52365,
      proxyPort: 0,
      tempDir: "/tmp/manta",
      storage: "embedded:/tmp/manta/gcs-store",
      idleWorkers: 2,
      reconnectTimeoutMs: null,
    });
    expect(options.resources.CPU).toBeGreaterThan(0);
    expect(options.nodeId).toMatch(/^[0-9a-f]{56}$/);
    expect(Object.isFrozen(options)).toBe(true);
    expect(resolvedNodeOptionsSchema.parse(JSON.parse(JSON.stringify(options)))).toEqual(options);
  });

  it("takes options over the environment over defaults", async () => {
    const env = { MANTA_TEMP_DIR: "/tmp/m-env", MANTA_IDLE_WORKERS: "5", RAY_gcs_storage_path: "/data" };
    expect(await resolve({ head: true }, env)).toMatchObject({
      tempDir: "/tmp/m-env",
      idleWorkers: 5,
      storage: "embedded:/data",
    });
    expect(await resolve({ head: true, tempDir: "/tmp/m-opt", idleWorkers: 0 }, env)).toMatchObject({
      tempDir: "/tmp/m-opt",
      idleWorkers: 0,
    });
  });

  it("knows a store in memory from a folder", async () => {
    expect((await resolve({ head: true, storage: "memory" })).storage).toBe("memory");
    expect((await resolve({ head: true, storage: "store" })).storage).toBe(`embedded:${process.cwd()}/store`);
  });

  it("reads resources and labels in every documented form", async () => {
    const head = { head: true, numCpus: "1.5", numGpus: 1 };
    const text = await resolve({ ...head, resources: '{"SSD": 2}', labels: "zone=a, disk=ssd" });
    expect(text.resources).toEqual({ CPU: 1.5, GPU: 1, SSD: 2 });
    expect(text.labels).toEqual({ zone: "a", disk: "ssd" });
    const json = await resolve({ ...head, resources: { SSD: 2 }, labels: '{"zone": "a"}' });
    expect(json.labels).toEqual({ zone: "a" });
  });

  it("picks free ports for a head where 0 is given, and keeps them", async () => {
    const options = await resolve({ head: true, port: 0, dashboardPort: "0" });
    expect(options.gcsPort).toBeGreaterThan(0);
    expect(options.gcsAddresses).toEqual([`tcp:127.0.0.1:${options.gcsPort}`]);
    expect(options.dashboardPort).toBeGreaterThan(0);
  });

  it("stays on loopback beside a head on loopback and takes the pod's address in a pod", async () => {
    expect((await resolve({ addresses: ["127.0.0.1:6379"] })).nodeIp).toBe("127.0.0.1");
    const pod = await resolve(
      { addresses: ["10.0.0.1:6379"] },
      { KUBERNETES_SERVICE_HOST: "10.0.0.1", POD_IP: "10.1.2.3" },
    );
    expect(pod).toMatchObject({ nodeIp: "10.1.2.3", agentHost: "0.0.0.0" });
  });

  it("binds the pod's address alone where that is a loopback one, whatever it is told", async () => {
    const env = { KUBERNETES_SERVICE_HOST: "127.9.0.1", POD_IP: "127.9.1.2" };
    for (const dashboardHost of ["0.0.0.0", "127.0.0.1", undefined]) {
      const options = await resolve({ head: true, ...(dashboardHost === undefined ? {} : { dashboardHost }) }, env);
      expect(options).toMatchObject({
        nodeIp: "127.9.1.2",
        gcsHost: "127.9.1.2",
        agentHost: "127.9.1.2",
        dashboardHost: "127.9.1.2",
      });
    }
  });

  it("bounds the wait for the control store only where the operator says so", async () => {
    const options = await resolve({ head: true }, { RAY_gcs_rpc_server_reconnect_timeout_s: "600" });
    expect(options.reconnectTimeoutMs).toBe(600_000);
  });
});

describe("a standby head's options", () => {
  it("name the leader first, then its own control store, and the store that both share", async () => {
    const options = await resolveNodeOptions(
      { head: true, standby: true, addresses: ["127.0.0.1:6379"], nodeIpAddress: "127.0.0.2" },
      { RAY_REDIS_ADDRESS: "127.0.0.9:6379", MANTA_DRAIN_TIMEOUT_S: "55" },
    );
    expect(options).toMatchObject({
      gcsAddresses: ["tcp:127.0.0.1:6379", "tcp:127.0.0.2:6379"],
      ownGcsAddress: "tcp:127.0.0.2:6379",
      storage: "redis",
      drainTimeoutMs: 55_000,
    });
  });
});

describe("resolveNodeOptions, given nonsense,", () => {
  it.each<[NodeOptions, RegExp]>([
    [{ head: true, numCpus: -1 }, /--num-cpus must be a number of at least 0, got -1/],
    [{ head: true, numCpus: "many" }, /--num-cpus must be a number of at least 0, got "many"/],
    [{ head: true, port: 70_000 }, /--port must be a whole number from 0 to 65535, got 70000/],
    [{ head: true, port: "" }, /--port must be a whole number/],
    [{ head: true, resources: "[1]" }, /--resources must be a JSON object/],
    [{ head: true, resources: '{"CPU": 1}' }, /--resources must be without CPU/],
    [{ head: true, resources: '{"SSD": -1}' }, /--resources must be a JSON object of numbers/],
    [{ head: true, labels: "zone" }, /--labels must be key=value pairs/],
    [{ head: true, nodeIpAddress: "head" }, /--node-ip-address must be an IP address, got "head"/],
    [{ head: true, addresses: ["a:1"] }, /--address must be absent beside --head/],
    [
      { head: true, standby: true, addresses: ["a:1"], storage: "memory" },
      /--standby needs a store that several machines/,
    ],
    [{ head: true, standby: true }, /--address must be the "host:port" of the leading head/],
    [{ standby: true, addresses: ["a:1"] }, /--standby must be given together with --head/],
    [{ addresses: ["nowhere"] }, /--address must be "host:port", got "nowhere"/],
    [{}, /--address must be the "host:port" of a head/],
    [{ head: true, tempDir: `/tmp/${"x".repeat(80)}` }, /--temp-dir must be at most \d+ bytes long/],
    [{ head: true, idleWorkers: 1_000 }, /idleWorkers must be a whole number from 0 to 64, got 1000/],
  ])("refuses %j", async (options, message) => {
    await expect(resolve(options)).rejects.toThrow(message);
  });
});
