import { afterAll, beforeAll, expect, test } from "vitest";
import { TestKubelet } from "../fixtures/test-kubelet.ts";

let kit: TestKubelet;

beforeAll(async () => {
  kit = await TestKubelet.start({ restartDelays: { initialMs: 100, maxMs: 1_000 } });
});

afterAll(() => kit.close());

test("a pod is bound, runs, and its status says so", async () => {
  await kit.create("runs", "echo hello; sleep 1000");
  const pod = await kit.untilReady("runs");
  expect(pod.spec.nodeName).toBe("node-1");
  expect(pod.status).toMatchObject({
    phase: "Running",
    qosClass: "BestEffort",
    podIP: expect.stringMatching(/^127\./),
  });
  expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
    "PodReadyToStartContainers=True",
    "Initialized=True",
    "Ready=True",
    "ContainersReady=True",
    "PodScheduled=True",
  ]);
  expect(pod.status?.containerStatuses?.[0]).toMatchObject({
    name: "main",
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: expect.any(String) } },
  });
  const events = await kit.events("runs");
  expect(events.map((event) => event.split(":")[0])).toEqual(["Scheduled", "Pulled", "Created", "Started"]);
});

test("a program that ends ends its pod by the restart policy", async () => {
  await kit.create("done", "exit 0", { restartPolicy: "Never" });
  await kit.create("fails", "exit 3", { restartPolicy: "Never" });
  const done = await kit.until("done", "succeeded", ({ status }) => status?.phase === "Succeeded");
  const fails = await kit.until("fails", "failed", ({ status }) => status?.phase === "Failed");
  expect(done.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
  expect(fails.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
  expect(done.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "PodCompleted",
  });
});

test("a program that keeps ending is started again, later and later", async () => {
  await kit.create("crashes", "exit 1");
  const pod = await kit.until("crashes", "in back-off after two restarts", ({ status }) => {
    const [container] = status?.containerStatuses ?? [];
    return (container?.restartCount ?? 0) >= 2 && container?.state?.waiting?.reason === "CrashLoopBackOff";
  });
  expect(pod.status?.phase).toBe("Running");
  expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 1 });
  await kit.delete("crashes");
  await kit.untilGone("crashes");
});

test("deletion runs preStop, then SIGTERM, and the pod is gone when its program is", async () => {
  await kit.create(
    "graceful",
    {
      command: ["sh", "-c", "trap 'cat /tmp/hook > /out/said; sleep 0.2; exit 0' TERM; while :; do sleep 0.05; done"],
      lifecycle: { preStop: { exec: { command: ["sh", "-c", "echo hook > /tmp/hook"] } } },
      volumeMounts: [{ name: "out", mountPath: "/out" }],
    },
    { volumes: [{ name: "out", hostPath: { path: kit.folder } }] },
  );
  await kit.untilReady("graceful");
  const begun = performance.now();
  await kit.delete("graceful");
  await kit.untilGone("graceful");
  expect(performance.now() - begun).toBeGreaterThan(200);
  expect(performance.now() - begun).toBeLessThan(5_000);
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(`${kit.folder}/said`, "utf8")).toBe("hook\n");
});

test("a program that does not listen is killed after the grace", async () => {
  await kit.create("deaf", "trap '' TERM; while :; do sleep 0.05; done");
  await kit.untilReady("deaf");
  const begun = performance.now();
  await kit.delete("deaf", 2);
  await kit.untilGone("deaf");
  expect(performance.now() - begun).toBeGreaterThan(1_900);
});

test("init containers run one after the other before the others", async () => {
  const mount = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
  const step = (name: string, script: string) => ({ name, image: "busybox", command: ["sh", "-c", script], ...mount });
  await kit.create(
    "inits",
    { command: ["cat", "/shared/log"], ...mount },
    {
      restartPolicy: "Never",
      initContainers: [step("one", "echo one >> /shared/log"), step("two", "echo two >> /shared/log")],
      volumes: [{ name: "shared", emptyDir: { medium: "Memory" } }],
    },
  );
  expect(await kit.output("inits")).toBe("one\ntwo");
  const pod = await kit.pod("inits");
  expect(pod?.status?.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode)).toEqual([0, 0]);
});

test("an image that nobody knows leaves the pod pending, with the reason", async () => {
  await kit.create("unknown", { image: "example.com/nobody:1" });
  const pod = await kit.until(
    "unknown",
    "cannot pull",
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "ErrImagePull",
  );
  expect(pod.status?.phase).toBe("Pending");
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain(
    'failed to pull image "example.com/nobody:1"',
  );
});

test("a program that is not there is a start error", async () => {
  await kit.create("nothing", { command: ["no-such-program"] }, { restartPolicy: "Never" });
  const pod = await kit.until("nothing", "failed", ({ status }) => status?.phase === "Failed");
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 128, reason: "StartError" });
});
