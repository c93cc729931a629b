import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ChannelReader, StreamServer } from "../fixtures/stream-server.ts";
import { TestKubelet } from "../fixtures/test-kubelet.ts";

let kit: TestKubelet;
let server: StreamServer;
const v5 = "v5.channel.k8s.io";

beforeAll(async () => {
  kit = await TestKubelet.start({ restartDelays: { initialMs: 100, maxMs: 1_000 } });
  server = await StreamServer.start(kit.kubelet.streams, (name) => kit.pod(name));
});

afterAll(async () => {
  server.close();
  await kit.close();
});

const said = (pod: string, text: string): Promise<unknown> =>
  waitFor(async () => (await server.text(`/${pod}/log`)).includes(text), {
    timeoutMs: 5_000,
    what: `${pod} says ${text}`,
  });

test("logs: all, the tail, with times, and as they come", async () => {
  await kit.create(
    "talks",
    "trap 'echo more; exit 0' TERM; echo one; echo two >&2; echo drei ü; while :; do sleep 0.02; done",
    {
      restartPolicy: "Never",
    },
  );
  await kit.untilReady("talks");
  await said("talks", "drei");
  expect((await server.text("/talks/log")).split("\n").toSorted()).toEqual(["", "drei ü", "one", "two"]);
  expect((await server.text("/talks/log?tailLines=1")).split("\n")).toHaveLength(2);
  expect(await server.text("/talks/log?stream=Stderr&timestamps=true")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z two\n$/);
  expect(await server.text("/talks/log?limitBytes=4")).toHaveLength(4);
  expect(await server.text("/talks/log?tailLines=x")).toContain("tailLines must be a whole number");
  expect(await server.text("/talks/log?container=nobody")).toBe("container nobody is not valid for pod talks");
  const followed = server.text("/talks/log?follow=true&tailLines=0");
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  await kit.until("talks", "still runs", ({ status }) => status?.phase === "Running");
  setTimeout(() => kit.kubelet.stopContainer({ name: "talks" }, "SIGTERM"), 100);
  expect(await followed).toBe("more\n");
});

test("logs of the run before", async () => {
  await kit.create("again", "echo run; [ -e /data/x ] && sleep 1000; touch /data/x; exit 1", {
    volumes: [{ name: "data", emptyDir: {} }],
    containers: [
      {
        name: "main",
        image: "busybox",
        command: ["sh", "-c", "if [ -e /data/x ]; then echo second; sleep 1000; fi; touch /data/x; echo first; exit 1"],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
  });
  await kit.until(
    "again",
    "restarted",
    (pod) => pod.status?.containerStatuses?.[0]?.ready && pod.status.containerStatuses[0].restartCount === 1,
  );
  await said("again", "second");
  expect(await server.text("/again/log?previous=true")).toBe("first\n");
});

test("exec runs inside the container, with input, outputs apart and its exit code", async () => {
  await kit.create("host", { command: ["sleep", "1000"], env: [{ name: "COLOR", value: "blue" }] });
  await kit.untilReady("host");
  const command = ["sh", "-c", "read word; echo $COLOR $word $(hostname); echo oops >&2; exit 7"];
  const query = command.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const reader = new ChannelReader(server.open(`/host/exec?${query}&stdin=true&stdout=true&stderr=true`, v5));
  await reader.send(0, "sky\n");
  const result = await reader.end();
  expect(result[1]).toBe("blue sky host\n");
  expect(result[2]).toBe("oops\n");
  expect(JSON.parse(result[3] ?? "")).toMatchObject({
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  });
});

test("closing the input channel ends the program's input", async () => {
  const reader = new ChannelReader(server.open("/host/exec?command=wc&command=-c&stdin=true&stdout=true", v5));
  await reader.send(0, "x".repeat(100_000));
  await reader.send(255, Buffer.from([0]));
  const result = await reader.end();
  expect(result[1]?.trim()).toBe("100000");
  expect(JSON.parse(result[3] ?? "")).toMatchObject({ status: "Success" });
});

test("exec with a terminal has one, of the client's size", async () => {
  const script = encodeURIComponent('tty; until [ "$(stty size)" = "33 99" ]; do sleep 0.02; done; echo sized');
  const reader = new ChannelReader(
    server.open(`/host/exec?command=sh&command=-c&command=${script}&stdin=true&stdout=true&tty=true`, v5),
  );
  await reader.send(4, JSON.stringify({ Width: 99, Height: 33 }));
  const result = await reader.end();
  expect(result[1]).toContain("/dev/pts/");
  expect(result[1]).toContain("sized");
});

test("attach joins the container's own input and output", async () => {
  await kit.create("echoes", { command: ["cat"], stdin: true });
  await kit.untilReady("echoes");
  const socket = server.open("/echoes/attach?stdin=true&stdout=true", v5);
  const reader = new ChannelReader(socket);
  await reader.send(0, "hello\n");
  await waitFor(() => reader.said[1] === "hello\n", { timeoutMs: 5_000, what: "the echo" });
  expect(reader.said[2]).toBeUndefined();
  socket.close();
});
