import { arch, release } from "node:os";
import type { NodeCondition } from "kubernetes-types/core/v1.d.ts";
import type { NodeObject } from "../types.ts";

/** What a node offers: nominal amounts, nobody enforces them. */
export interface NodeCapacity {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
}

/** A node as its kubelet registers it. */
export const nodeObject = (name: string, labels: Readonly<Record<string, string>>): NodeObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: {
      "kubernetes.io/arch": arch() === "x64" ? "amd64" : arch(),
      "kubernetes.io/os": "linux",
      "kubernetes.io/hostname": name,
      ...labels,
    },
  },
  spec: {},
});

/** Its status. `now` in the API's format; `before`: the conditions there were. */
export const nodeStatus = (
  node: { readonly name: string; readonly ip: string; readonly capacity: NodeCapacity },
  before: readonly NodeCondition[],
  now: string,
): NonNullable<NodeObject["status"]> => {
  const amounts = { ...node.capacity, "ephemeral-storage": "100Gi" };
  return {
    capacity: amounts,
    allocatable: amounts,
    conditions: healthy.map((condition) => {
      const old = before.find(({ type }) => type === condition.type);
      const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
    }),
    addresses: [
      { type: "InternalIP", address: node.ip },
      { type: "Hostname", address: node.name },
    ],
    nodeInfo: {
      architecture: arch() === "x64" ? "amd64" : arch(),
      bootID: "",
      containerRuntimeVersion: "bubblewrap://local",
      kernelVersion: release(),
      kubeProxyVersion: "",
      kubeletVersion: "v1.34.0",
      machineID: node.name,
      operatingSystem: "linux",
      osImage: "the host's own",
      systemUUID: node.name,
    },
  };
};

const healthy: readonly NodeCondition[] = [
  {
    type: "MemoryPressure",
    status: "False",
    reason: "KubeletHasSufficientMemory",
    message: "kubelet has sufficient memory available",
  },
  {
    type: "DiskPressure",
    status: "False",
    reason: "KubeletHasNoDiskPressure",
    message: "kubelet has no disk pressure",
  },
  {
    type: "PIDPressure",
    status: "False",
    reason: "KubeletHasSufficientPID",
    message: "kubelet has sufficient PID available",
  },
  { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
];
