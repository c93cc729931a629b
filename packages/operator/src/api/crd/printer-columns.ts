/** One column of `kubectl get`; those of priority 1 are shown by `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly priority?: number;
}

const age: PrinterColumn = { name: "age", type: "date", jsonPath: ".metadata.creationTimestamp" };

/** Columns of a RayCluster, the reference's. */
export const clusterColumns: readonly PrinterColumn[] = [
  { name: "desired workers", type: "integer", jsonPath: ".status.desiredWorkerReplicas" },
  { name: "available workers", type: "integer", jsonPath: ".status.availableWorkerReplicas" },
  { name: "cpus", type: "string", jsonPath: ".status.desiredCPU" },
  { name: "memory", type: "string", jsonPath: ".status.desiredMemory" },
  { name: "gpus", type: "string", jsonPath: ".status.desiredGPU" },
  { name: "tpus", type: "string", jsonPath: ".status.desiredTPU", priority: 1 },
  { name: "status", type: "string", jsonPath: ".status.state" },
  age,
  { name: "head pod IP", type: "string", jsonPath: ".status.head.podIP", priority: 1 },
  { name: "head service IP", type: "string", jsonPath: ".status.head.serviceIP", priority: 1 },
];

/** Columns of a RayService, the reference's and its age. */
export const serviceColumns: readonly PrinterColumn[] = [
  { name: "service status", type: "string", jsonPath: ".status.serviceStatus" },
  { name: "num serve endpoints", type: "string", jsonPath: ".status.numServeEndpoints" },
  age,
];
