import { afterAll, beforeAll, expect, test } from "vitest";
import { isReady, TestKubelet } from "../fixtures/test-kubelet.ts";

let kit: TestKubelet;

beforeAll(async () => {
  kit = await TestKubelet.start({ restartDelays: { initialMs: 100, maxMs: 1_000 } });
});

afterAll(() => kit.close());

const fast = { periodSeconds: 0.1, failureThreshold: 2 };

test("an exec readiness probe opens and closes the pod", async () => {
  await kit.create("gate", {
    command: ["sh", "-c", "trap 'touch /tmp/ok' USR1; trap 'rm /tmp/ok' USR2; while :; do sleep 0.02; done"],
    readinessProbe: { exec: { command: ["test", "-e", "/tmp/ok"] }, ...fast },
  });
  const pod = await kit.until("gate", "running", ({ status }) => status?.phase === "Running");
  expect(isReady(pod)).toBe(false);
  kit.kubelet.stopContainer({ name: "gate" }, "SIGUSR1");
  await kit.untilReady("gate");
  kit.kubelet.stopContainer({ name: "gate" }, "SIGUSR2");
  const closed = await kit.until("gate", "closed", (now) => !isReady(now));
  expect(closed.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "ContainersNotReady",
    message: "containers with unready status: [main]",
  });
  expect((await kit.events("gate")).some((event) => event.startsWith("Unhealthy: Readiness probe failed:"))).toBe(true);
});

test("a failing liveness probe ends the container, and it starts again", async () => {
  await kit.create("sick", {
    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.02; done"],
    livenessProbe: { tcpSocket: { port: 9 }, ...fast },
  });
  const pod = await kit.until(
    "sick",
    "restarted",
    ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
  );
  expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
  expect(await kit.events("sick")).toContain("Killing: Container main failed liveness probe, will be restarted");
});

test("liveness waits for the startup probe", async () => {
  await kit.create("slow", {
    command: ["sh", "-c", "sleep 0.6; touch /tmp/up; sleep 1000"],
    startupProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 0.1, failureThreshold: 50 },
    livenessProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 0.1, failureThreshold: 1 },
  });
  const pod = await kit.untilReady("slow");
  expect(pod.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 0, started: true });
});

test("an HTTP probe reads the status code and follows names of ports", async () => {
  await kit.create("web", {
    command: [
      "sh",
      "-c",
      'cd /tmp && echo up > health && exec python3 -m http.server 8000 --bind "$(cat /etc/.pod/ip)"',
    ],
    ports: [{ name: "http", containerPort: 8000 }],
    readinessProbe: { httpGet: { path: "/health?deep=1", port: "http" }, ...fast },
  });
  await kit.untilReady("web");
  await kit.create("missing", {
    command: ["sh", "-c", 'cd /tmp && exec python3 -m http.server 8000 --bind "$(cat /etc/.pod/ip)"'],
    readinessProbe: { httpGet: { path: "/nothing", port: 8000 }, ...fast },
  });
  await kit.until("missing", "has failed", ({ status }) => status?.phase === "Running");
  const event = "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404";
  expect(await kit.untilEvent("missing", (text) => text === event)).toBe(event);
});

test("an exec probe that takes too long fails", async () => {
  await kit.create("stuck", {
    command: ["sleep", "1000"],
    readinessProbe: { exec: { command: ["sleep", "100"] }, ...fast, timeoutSeconds: 0.2 },
  });
  expect(await kit.untilEvent("stuck", (text) => text.includes("timed out"))).toContain("timed out after 200 ms");
});
