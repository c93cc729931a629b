import { once } from "node:events";
import { connect } from "node:net";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resources } from "../api/resources.ts";
import { TestKubelet } from "../kubelet/fixtures/test-kubelet.ts";

let kit: TestKubelet;

beforeAll(async () => {
  kit = await TestKubelet.start();
});

afterAll(() => kit.close());

/** Says its name to whoever connects to port 7000. */
const greeter = (name: string): { command: string[] } => ({
  command: [
    "python3",
    "-c",
    `
import socket
s = socket.create_server((open('/etc/.pod/ip').read(), 7000))
while True:
    c, _ = s.accept()
    c.sendall(b'${name}\\n')
    c.close()
`,
  ],
});

const slice = (endpoints: readonly object[]): object => ({
  addressType: "IPv4",
  endpoints,
  ports: [{ name: "", port: 7000, protocol: "TCP" }],
});

const ask = async (host: string, port: number): Promise<string> => {
  const socket = connect({ host, port });
  let said = "";
  socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await once(socket, "close");
  return said.trim();
};

const clusterIp = (last: number): string => `${kit.subnet}.5.${last}`;

test("a Service divides connections among its ready endpoints, and is closed without one", async () => {
  await kit.create("alice", greeter("alice"));
  await kit.create("bob", greeter("bob"));
  const ips = await Promise.all(["alice", "bob"].map(async (name) => (await kit.untilReady(name)).status?.podIP ?? ""));
  for (const ip of ips) await waitFor(() => ask(ip, 7000), { timeoutMs: 5_000, what: "the greeter listens" });
  await kit.add("services", "Service", "greet", { spec: { clusterIP: clusterIp(1), ports: [{ port: 80 + 8000 }] } });
  const labels = { "kubernetes.io/service-name": "greet" };
  const endpoints = ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } }));
  await kit.add("endpointSlices", "EndpointSlice", "greet-1", slice(endpoints), { labels });
  await waitFor(() => ask(clusterIp(1), 8080), { timeoutMs: 2_000, what: "the Service answers" });
  const answers = [];
  for (let n = 0; n < 4; n += 1) answers.push(await ask(clusterIp(1), 8080));
  expect(answers.toSorted()).toEqual(["alice", "alice", "bob", "bob"]);

  const id = { namespace: "default", name: "greet-1" };
  const leaving = { ready: false, serving: true, terminating: true };
  await kit.api.mergePatch(resources.endpointSlices, id, {
    endpoints: [
      { addresses: [ips[0]], conditions: leaving },
      { addresses: [ips[1]], conditions: { ready: false, serving: false, terminating: false } },
    ],
  });
  await waitFor(
    async () => {
      const again = [await ask(clusterIp(1), 8080), await ask(clusterIp(1), 8080)];
      return again.every((name) => name === "alice");
    },
    { timeoutMs: 1_000, what: "the last one that serves gets all" },
  );

  await kit.api.mergePatch(resources.endpointSlices, id, { endpoints: [] });
  await waitFor(
    () =>
      ask(clusterIp(1), 8080).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      ),
    { timeoutMs: 1_000, what: "refused" },
  );
});

test("an endpoint that refuses is not hidden: the client sees a reset", async () => {
  await kit.add("services", "Service", "broken", { spec: { clusterIP: clusterIp(2), ports: [{ port: 8080 }] } });
  const endpoints = [{ addresses: [`${kit.subnet}.249.200`], conditions: { ready: true } }];
  await kit.add("endpointSlices", "EndpointSlice", "broken-1", slice(endpoints), {
    labels: { "kubernetes.io/service-name": "broken" },
  });
  await waitFor(
    () =>
      ask(clusterIp(2), 8080).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNRESET",
      ),
    { timeoutMs: 2_000, what: "reset" },
  );
  await expect(ask(clusterIp(2), 8080)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("pods find Services by their names, and headless ones by every address; changes are there at once", async () => {
  await kit.add("services", "Service", "one", { spec: { clusterIP: clusterIp(3), ports: [{ port: 8080 }] } });
  await kit.add("services", "Service", "many", { spec: { clusterIP: "None" } });
  await kit.add("services", "Service", "other", { spec: { clusterIP: clusterIp(4) } }, { namespace: "elsewhere" });
  const endpoints = ["127.1.1.1", "127.1.1.2"].map((ip) => ({ addresses: [ip], conditions: { ready: true } }));
  const labels = { "kubernetes.io/service-name": "many" };
  await kit.add("endpointSlices", "EndpointSlice", "many-1", slice(endpoints), { labels });
  const names = "one one.default.svc.cluster.local many.default.svc localhost other other.elsewhere $(hostname)";
  const script = `for n in ${names}; do echo $n $(getent ahostsv4 $n | awk '/STREAM/ {print $1}'); done`;
  await kit.create("asks", script, { restartPolicy: "Never" });
  const said = await kit.output("asks");
  const ip = (await kit.pod("asks"))?.status?.podIP;
  expect(said.split("\n")).toEqual([
    `one ${clusterIp(3)}`,
    `one.default.svc.cluster.local ${clusterIp(3)}`,
    "many.default.svc 127.1.1.1 127.1.1.2",
    `localhost ${ip}`,
    "other",
    `other.elsewhere ${clusterIp(4)}`,
    `asks ${ip}`,
  ]);

  await kit.create("follows", 'until [ "$(getent hosts one)" = "" ]; do sleep 0.02; done', { restartPolicy: "Never" });
  await kit.untilReady("follows");
  await kit.api.delete(resources.services, { namespace: "default", name: "one" });
  await kit.output("follows");
});
