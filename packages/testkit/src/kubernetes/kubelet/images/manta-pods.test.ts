import { request } from "node:http";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resources } from "../../api/resources.ts";
import { ChannelReader, StreamServer } from "../fixtures/stream-server.ts";
import { isReady, TestKubelet } from "../fixtures/test-kubelet.ts";

let kit: TestKubelet;
let server: StreamServer;

beforeAll(async () => {
  kit = await TestKubelet.start({ apiServer: { host: "127.0.0.9", port: 6443 } });
  server = await StreamServer.start(kit.kubelet.streams, (name) => kit.pod(name));
});

afterAll(async () => {
  server.close();
  await kit.close();
});

const exec = async (pod: string, script: string): Promise<string> => {
  const query = ["bash", "-c", script].map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const reader = new ChannelReader(server.open(`/${pod}/exec?${query}&stdout=true&stderr=true`, "v5.channel.k8s.io"));
  const said = await reader.end();
  return `${said[1] ?? ""}${said[2] ?? ""}`;
};

const env = [
  { name: "RAY_REDIS_ADDRESS", value: "redis:6379" },
  { name: "REDIS_PASSWORD", value: "secret" },
  { name: "RAY_AUTH_MODE", value: "disabled" },
];
const rayProbe = "wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success";

const headPod = (name: string): Promise<void> =>
  kit.create(name, {
    image: "example.com/manta:1",
    command: ["/bin/bash", "-c", "--"],
    args: [
      "ulimit -n 65536; ray start --head --block --dashboard-agent-listen-port=52365 --dashboard-host=0.0.0.0 " +
        "--memory=5368709120 --metrics-export-port=8080 --num-cpus=0",
    ],
    env: [...env, { name: "RAY_ADDRESS", value: "127.0.0.1:6379" }],
    readinessProbe: { exec: { command: ["bash", "-c", rayProbe] }, periodSeconds: 1, timeoutSeconds: 5 },
  });

/** The headless Service as its controller would write it. */
const pointHead = async (ip: string): Promise<void> => {
  const endpoints = [{ addresses: [ip], conditions: { ready: true } }];
  const id = { namespace: "default", name: "head-svc-1" };
  if ((await kit.api.get(resources.endpointSlices, id)) !== undefined) {
    await kit.api.mergePatch(resources.endpointSlices, id, { endpoints });
    return;
  }
  await kit.add("services", "Service", "head-svc", { spec: { clusterIP: "None" } });
  const labels = { "kubernetes.io/service-name": "head-svc" };
  await kit.add("endpointSlices", "EndpointSlice", id.name, { endpoints, ports: [] }, { labels });
};

const aliveNodes = (ip: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host: ip, port: 8265, path: "/api/v0/nodes?detail=1" }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text.split('"ALIVE"').length - 1));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });

test("redis, a head and a worker run as KubeRay would start them; a new head at another address is found", {
  timeout: 120_000,
}, async () => {
  await kit.add("configMaps", "ConfigMap", "redis-config", {
    data: { "redis.conf": "requirepass secret\nbind 0.0.0.0\nport 6379\n" },
  });
  await kit.create(
    "redis",
    {
      image: "redis:7.4.0",
      command: ["sh", "-c", "redis-server /usr/local/etc/redis/redis.conf"],
      volumeMounts: [{ name: "config", mountPath: "/usr/local/etc/redis/redis.conf", subPath: "redis.conf" }],
      readinessProbe: { exec: { command: ["sh", "-c", "redis-cli -a secret ping | grep PONG"] }, periodSeconds: 1 },
    },
    { volumes: [{ name: "config", configMap: { name: "redis-config" } }] },
  );
  const redis = (await kit.untilReady("redis")).status?.podIP ?? "";
  await kit.add("services", "Service", "redis", { spec: { clusterIP: `${kit.subnet}.5.1`, ports: [{ port: 6379 }] } });
  await kit.add(
    "endpointSlices",
    "EndpointSlice",
    "redis-1",
    { endpoints: [{ addresses: [redis], conditions: { ready: true } }], ports: [{ name: "", port: 6379 }] },
    { labels: { "kubernetes.io/service-name": "redis" } },
  );

  await headPod("head-1");
  const first = (await kit.until("head-1", "ready", isReady, 40_000)).status?.podIP ?? "";
  await pointHead(first);
  await kit.create("worker", {
    image: "example.com/manta:1",
    command: ["/bin/bash", "-c", "--"],
    args: [
      "ulimit -n 65536; ray start --address=head-svc.default.svc.cluster.local:6379 --block " +
        "--dashboard-agent-listen-port=52365 --metrics-export-port=8080 --num-cpus=1",
    ],
    env,
    readinessProbe: { exec: { command: ["bash", "-c", rayProbe] }, periodSeconds: 1, timeoutSeconds: 5 },
  });
  await kit.until("worker", "ready", isReady, 40_000);
  const both = async (): Promise<boolean> => (await aliveNodes(first)) === 2;
  await waitFor(both, { timeoutMs: 10_000, what: "the worker is with the head" });
  expect(await exec("head-1", "ray health-check && echo healthy; ray list nodes | grep -c ALIVE")).toContain(
    "healthy\n2",
  );

  kit.kubelet.stopContainer({ name: "head-1" });
  await kit.delete("head-1", 0);
  await headPod("head-2");
  const second = (await kit.until("head-2", "ready", isReady, 40_000)).status?.podIP ?? "";
  expect(second).not.toBe(first);
  await pointHead(second);
  await waitFor(async () => (await aliveNodes(second)) === 2, {
    timeoutMs: 30_000,
    what: "the worker finds the new head",
  });
  const worker = await kit.pod("worker");
  expect(worker?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
});
