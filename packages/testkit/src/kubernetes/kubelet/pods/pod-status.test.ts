import type { ContainerState, ContainerStatus } from "kubernetes-types/core/v1.d.ts";
import { expect, test } from "vitest";
import type { Pod } from "../types.ts";
import { type PodObservation, podStatus } from "./pod-status.ts";

const pod = (spec: Partial<Pod["spec"]> = {}, conditions: object[] = []): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "default" },
  spec: { containers: [{ name: "main" }], ...spec },
  status: { conditions: conditions as never[] },
});

const container = (state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: "main",
  image: "",
  imageID: "",
  ready: state.running !== undefined,
  restartCount: 0,
  state,
  ...more,
});

const seen = (containers: ContainerStatus[], more: Partial<PodObservation> = {}): PodObservation => ({
  hostIp: "127.1.250.1",
  podIp: "127.1.100.1",
  startTime: "2026-01-01T00:00:00Z",
  isSandboxReady: true,
  initContainers: [],
  containers,
  isEnding: false,
  failure: undefined,
  ...more,
});

const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });
const running: ContainerState = { running: {} };
const waiting: ContainerState = { waiting: { reason: "CrashLoopBackOff" } };
const phaseOf = (spec: Partial<Pod["spec"]>, observation: PodObservation): string | undefined =>
  podStatus(pod(spec), observation, "now").phase;

test("phases follow the containers and the restart policy", () => {
  expect(phaseOf({}, seen([container({ waiting: {} })]))).toBe("Pending");
  expect(phaseOf({}, seen([container(running)]))).toBe("Running");
  expect(phaseOf({}, seen([container(waiting, { lastState: ended(1) })]))).toBe("Running");
  expect(phaseOf({}, seen([container(ended(0))]))).toBe("Running");
  expect(phaseOf({ restartPolicy: "Never" }, seen([container(ended(0))]))).toBe("Succeeded");
  expect(phaseOf({ restartPolicy: "Never" }, seen([container(ended(2))]))).toBe("Failed");
  expect(phaseOf({ restartPolicy: "Never" }, seen([container(ended(2)), container(running)]))).toBe("Running");
  expect(phaseOf({ restartPolicy: "OnFailure" }, seen([container(ended(2))]))).toBe("Running");
  expect(phaseOf({}, seen([container(ended(0))], { isEnding: true }))).toBe("Succeeded");
  expect(phaseOf({}, seen([container(ended(137))], { isEnding: true }))).toBe("Failed");
});

const initContainers = [{ name: "init" }];
const at = (state: ContainerState): PodObservation =>
  seen([container({ waiting: {} })], { initContainers: [container(state, { name: "init" })] });

test("a pod waits for its init containers, and fails with them where it never restarts", () => {
  expect(phaseOf({ initContainers }, at(running))).toBe("Pending");
  expect(phaseOf({ initContainers }, at(ended(1)))).toBe("Pending");
  expect(phaseOf({ initContainers, restartPolicy: "Never" }, at(ended(1)))).toBe("Failed");
  const { conditions } = podStatus(pod({ initContainers }), at(running), "now");
  expect(conditions?.find(({ type }) => type === "Initialized")).toMatchObject({
    status: "False",
    message: "containers with incomplete status: [init]",
  });
});

test("a condition keeps its time while it keeps its value, and those of others stay", () => {
  const before = [
    { type: "Ready", status: "True", lastTransitionTime: "earlier" },
    { type: "ContainersReady", status: "False", lastTransitionTime: "earlier" },
    { type: "example.com/mine", status: "True", lastTransitionTime: "earlier" },
  ];
  const { conditions = [] } = podStatus(pod({}, before), seen([container(running)]), "now");
  const timeOf = (wanted: string): string | undefined =>
    conditions.find(({ type }) => type === wanted)?.lastTransitionTime;
  expect([timeOf("Ready"), timeOf("ContainersReady"), timeOf("example.com/mine")]).toEqual([
    "earlier",
    "now",
    "earlier",
  ]);
});

test("a readiness gate holds the pod back until somebody opens it", () => {
  const spec = { readinessGates: [{ conditionType: "example.com/gate" }] };
  const readyWith = (status: string): string | undefined =>
    podStatus(pod(spec, [{ type: "example.com/gate", status }]), seen([container(running)]), "now").conditions?.find(
      ({ type }) => type === "Ready",
    )?.status;
  expect(readyWith("False")).toBe("False");
  expect(readyWith("True")).toBe("True");
});
