import { expect, test } from "vitest";
import type { NodeObject, Pod } from "../types.ts";
import { chooseNode } from "./choose-node.ts";

const node = (name: string, change: Partial<NodeObject["spec"] & object> = {}, labels = {}): NodeObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
  spec: change,
  status: {
    allocatable: { cpu: "4", memory: "8Gi", pods: "3" },
    conditions: [{ type: "Ready", status: "True" }],
  },
});

const pod = (name: string, spec: Partial<Pod["spec"]> = {}, requests: Record<string, string> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", uid: name, labels: { app: "x" } },
  spec: { containers: [{ name: "main", image: "busybox", resources: { requests } }], ...spec },
});

const on = (nodeName: string, one: Pod): Pod => ({ ...one, spec: { ...one.spec, nodeName } });
const selector = { matchLabels: { app: "x" } };
const apart = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: selector, topologyKey: "kubernetes.io/hostname" },
    ],
  },
};

test("the emptiest node that has room", () => {
  const nodes = [node("a"), node("b")];
  const boundPods = [on("a", pod("1", {}, { cpu: "2" }))];
  expect(chooseNode(pod("2", {}, { cpu: "1" }), { nodes, boundPods })).toEqual({ kind: "bind", nodeName: "b" });
  expect(chooseNode(pod("3", {}, { cpu: "5" }), { nodes, boundPods })).toEqual({
    kind: "unschedulable",
    message: "0/2 nodes are available: 2 Insufficient cpu.",
  });
});

test("pods that ended take no room", () => {
  const boundPods = ["1", "2", "3"].map((name) => ({ ...on("a", pod(name)), status: { phase: "Succeeded" } }));
  expect(chooseNode(pod("4"), { nodes: [node("a")], boundPods })).toMatchObject({ kind: "bind" });
  const running = boundPods.map((one) => ({ ...one, status: { phase: "Running" } }));
  expect(chooseNode(pod("4"), { nodes: [node("a")], boundPods: running })).toMatchObject({
    message: "0/1 nodes are available: 1 Too many pods.",
  });
});

test("selectors, taints and cordons are told apart", () => {
  const nodes = [
    node("a", { unschedulable: true }),
    node("b", { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] }),
    node("c", {}, { zone: "z1" }),
  ];
  const view = { nodes, boundPods: [] };
  expect(chooseNode(pod("1", { nodeSelector: { zone: "z2" } }), view)).toEqual({
    kind: "unschedulable",
    message:
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, " +
      "1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable.",
  });
  const tolerations = [{ key: "gpu", operator: "Exists" }];
  const nodeSelector = { "kubernetes.io/hostname": "b" };
  expect(chooseNode(pod("2", { tolerations, nodeSelector }), view)).toEqual({ kind: "bind", nodeName: "b" });
});

test("pods that must not be together are not, whoever of them says so", () => {
  const nodes = [node("a"), node("b")];
  const first = on("a", pod("1", { affinity: apart }));
  expect(chooseNode(pod("2", { affinity: apart }), { nodes, boundPods: [first] })).toMatchObject({ nodeName: "b" });
  expect(chooseNode(pod("2"), { nodes, boundPods: [first] })).toMatchObject({ nodeName: "b" });
  const second = on("b", pod("2", { affinity: apart }));
  expect(chooseNode(pod("3"), { nodes, boundPods: [first, second] })).toMatchObject({
    message: "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.",
  });
});

test("pods spread over hosts; a hard skew refuses, a soft one only prefers", () => {
  const constraint = { maxSkew: 1, topologyKey: "kubernetes.io/hostname", labelSelector: selector };
  const hard = { topologySpreadConstraints: [{ ...constraint, whenUnsatisfiable: "DoNotSchedule" }] };
  const soft = { topologySpreadConstraints: [{ ...constraint, whenUnsatisfiable: "ScheduleAnyway" }] };
  const boundPods = [on("a", pod("1"))];
  const full = { nodes: [node("a"), node("b", { unschedulable: true })], boundPods };
  expect(chooseNode(pod("2", hard), full)).toMatchObject({
    message: expect.stringContaining("1 node(s) didn't match pod topology spread constraints"),
  });
  expect(chooseNode(pod("2", soft), full)).toMatchObject({ nodeName: "a" });
  const heavy = on("b", { ...pod("3", {}, { cpu: "3" }), metadata: { name: "3", namespace: "other", uid: "3" } });
  expect(chooseNode(pod("2", soft), { nodes: [node("a"), node("b")], boundPods: [...boundPods, heavy] })).toMatchObject(
    {
      nodeName: "b",
    },
  );
});
