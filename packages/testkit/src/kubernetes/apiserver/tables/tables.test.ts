import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../api/objects.ts";
import { deployments, widgets } from "../ssa/fixtures/definitions.ts";
import { durationText } from "./age.ts";
import { createTables } from "./create-tables.ts";
import { compileJsonPath } from "./json-path.ts";
import { summarizePod } from "./pod-status.ts";

const now = new Date("2026-01-01T01:00:00Z");
const tables = createTables();
const object = (more: object, metadata: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "x", creationTimestamp: "2026-01-01T00:59:00Z", ...metadata },
  ...more,
});
const cells = (plural: string, value: KubeObject) => tables.printerOf({ ...deployments, plural }).cells(value, now);

test.each([
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [184, "3m4s"],
  [600, "10m"],
  [3 * 3600 + 59, "3h"],
  [5 * 3600 + 180, "5h3m"],
  [47 * 3600, "47h"],
  [49 * 3600, "2d1h"],
  [45 * 86_400, "45d"],
  [800 * 86_400, "2y70d"],
])("an age of %d s is %s", (seconds, expected) => {
  expect(durationText(seconds)).toBe(expected);
});

const container = (state: object, more: object = {}) => ({
  name: "c",
  state,
  ready: false,
  restartCount: 0,
  ...more,
});

const pod = (status: object, spec: object = {}, metadata: object = {}): KubeObject =>
  object({ spec: { containers: [{ name: "c" }], ...spec }, status }, metadata);

const running = container({ running: {} }, { ready: true });

const podsByStatus: [string, KubeObject][] = [
  ["Pending", pod({ phase: "Pending" })],
  ["Running", pod({ phase: "Running", containerStatuses: [running] })],
  [
    "CrashLoopBackOff",
    pod({ phase: "Running", containerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })] }),
  ],
  [
    "Completed",
    pod({ phase: "Succeeded", containerStatuses: [container({ terminated: { reason: "Completed", exitCode: 0 } })] }),
  ],
  ["Error", pod({ phase: "Failed", containerStatuses: [container({ terminated: { reason: "Error", exitCode: 1 } })] })],
  ["ExitCode:3", pod({ phase: "Failed", containerStatuses: [container({ terminated: { exitCode: 3 } })] })],
  ["Signal:9", pod({ phase: "Failed", containerStatuses: [container({ terminated: { exitCode: 137, signal: 9 } })] })],
  ["Evicted", pod({ phase: "Failed", reason: "Evicted" })],
  [
    "Terminating",
    pod({ phase: "Running", containerStatuses: [running] }, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  ],
  [
    "Init:0/2",
    pod(
      {
        phase: "Pending",
        initContainerStatuses: [container({ running: {} }), container({ waiting: { reason: "PodInitializing" } })],
      },
      { initContainers: [{ name: "a" }, { name: "b" }] },
    ),
  ],
  [
    "Init:Error",
    pod(
      { phase: "Pending", initContainerStatuses: [container({ terminated: { reason: "Error", exitCode: 1 } })] },
      { initContainers: [{ name: "c" }] },
    ),
  ],
  [
    "Init:CrashLoopBackOff",
    pod(
      { phase: "Pending", initContainerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })] },
      { initContainers: [{ name: "c" }] },
    ),
  ],
  [
    "PodInitializing",
    pod(
      {
        phase: "Pending",
        initContainerStatuses: [container({ terminated: { exitCode: 0 } })],
        containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
      },
      { initContainers: [{ name: "c" }] },
    ),
  ],
];

// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
describe("a pod's status is", () => {
  test.each(podsByStatus)("%s", (expected, value) => {
    expect(summarizePod(value).status).toBe(expected);
  });

  test("told with its readiness, restarts and place", () => {
    const status = {
      phase: "Running",
      podIP: "127.0.0.9",
      containerStatuses: [
        { ...running, restartCount: 2, lastState: { terminated: { finishedAt: "2026-01-01T00:55:00Z" } } },
      ],
    };
    expect(cells("pods", pod(status, { nodeName: "n" }))).toEqual([
      "x",
      "1/1",
      "Running",
      "2 (5m ago)",
      "60s",
      "127.0.0.9",
      "n",
      "<none>",
      "<none>",
    ]);
  });
});

test.each<[string, object, unknown[]]>([
  [
    "deployments",
    {
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: "b" } },
        template: { spec: { containers: [{ name: "c", image: "i" }] } },
      },
      status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
    },
    ["x", "1/2", 2, 1, "60s", "c", "i", "a=b"],
  ],
  [
    "services",
    {
      spec: {
        type: "NodePort",
        clusterIP: "10.0.0.1",
        ports: [{ port: 80, nodePort: 30000, protocol: "TCP" }],
        selector: { a: "b" },
      },
    },
    ["x", "NodePort", "10.0.0.1", "<none>", "80:30000/TCP", "60s", "a=b"],
  ],
  [
    "jobs",
    {
      spec: { completions: 1 },
      status: {
        succeeded: 1,
        startTime: "2026-01-01T00:59:00Z",
        completionTime: "2026-01-01T00:59:07Z",
        conditions: [{ type: "Complete", status: "True" }],
      },
    },
    ["x", "Complete", "1/1", "7s", "60s", "<none>", "<none>", "<none>"],
  ],
  [
    "endpoints",
    { subsets: [{ addresses: [{ ip: "1" }, { ip: "2" }], ports: [{ port: 80 }, { port: 81 }] }] },
    ["x", "1:80,1:81,2:80 + 1 more...", "60s"],
  ],
  [
    "events",
    {
      type: "Normal",
      reason: "R",
      involvedObject: { kind: "Pod", name: "p" },
      message: "m\n",
      lastTimestamp: "2026-01-01T00:59:30Z",
      firstTimestamp: "2026-01-01T00:59:00Z",
      count: 3,
      source: { component: "c" },
    },
    ["30s", "Normal", "R", "pod/p", "", "c", "m", "60s", 3, "x"],
  ],
  [
    "nodes",
    {
      spec: { unschedulable: true },
      status: { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { kubeletVersion: "v1" } },
    },
    ["x", "Ready,SchedulingDisabled", "<none>", "60s", "v1", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"],
  ],
  [
    "poddisruptionbudgets",
    { spec: { minAvailable: 1 }, status: { disruptionsAllowed: 2 } },
    ["x", "1", "N/A", 2, "60s"],
  ],
  ["configmaps", { data: { a: "1" }, binaryData: { b: "" } }, ["x", 2, "60s"]],
  ["rolebindings", { roleRef: { kind: "Role", name: "r" } }, ["x", "Role/r", "60s"]],
  ["somethingelse", {}, ["x", "60s"]],
])("%s have their columns", (plural, value, expected) => {
  expect(cells(plural, object(value))).toEqual(expected);
  expect(tables.printerOf({ ...deployments, plural }).columns).toHaveLength(expected.length);
});

describe("custom resources", () => {
  test("have the columns that their definition asks for", () => {
    const printer = tables.printerOf({
      ...widgets,
      printerColumns: [
        { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        { name: "Size", type: "integer", jsonPath: ".spec.size" },
        { name: "Tags", type: "string", jsonPath: ".spec.tags[*]", priority: 1 },
        { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        { name: "Note", type: "string", jsonPath: String.raw`.metadata.annotations.example\.com/note` },
      ],
    });
    expect(printer.columns.map(({ priority }) => priority)).toEqual([0, 0, 0, 1, 0, 0]);
    const value = object(
      {
        spec: { size: 3, tags: ["a", "b"] },
        status: {
          conditions: [
            { type: "Other", status: "False" },
            { type: "Ready", status: "True" },
          ],
        },
      },
      { annotations: { "example.com/note": "n" } },
    );
    expect(printer.cells(value, now)).toEqual(["x", "True", 3, "a,b", "60s", "n"]);
    expect(printer.cells(object({}), now)).toEqual(["x", null, null, null, "60s", null]);
  });

  test("have an age without any", () => {
    expect(tables.printerOf({ ...widgets }).columns.map(({ name }) => name)).toEqual(["Name", "Age"]);
  });
});

test.each<[string, unknown[]]>([
  [".a.b", [1]],
  ["{.a.b}", [1]],
  ["$.a['b']", [1]],
  [".list[0].n", ["x"]],
  [".list[-1].n", ["y"]],
  [".list[*].n", ["x", "y"]],
  [".list[?(@.n!='x')].n", ["y"]],
  [".none.at.all", []],
])("the path %s", (path, expected) => {
  expect(compileJsonPath(path)({ a: { b: 1 }, list: [{ n: "x" }, { n: "y" }] })).toEqual(expected);
});
