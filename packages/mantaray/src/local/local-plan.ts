/** One node of a local cluster. */
export interface LocalNodePlan {
  /** For people: "head", "worker-1", or the group's name and a number. */
  readonly name: string;
  readonly head: boolean;
  /** A head that waits for the other one's end. Needs a store that both can open (`LocalClusterOptions.redisAddress`). */
  readonly standby?: boolean;
  /** Undefined: the machine's cores. */
  readonly numCpus: number | undefined;
  readonly numGpus: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Beside the cluster's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Everything `manta run` needs to know before it starts a process. */
export interface LocalPlan {
  readonly nodes: readonly LocalNodePlan[];
  /** Body for `PUT /api/serve/applications/`. */
  readonly config: unknown;
  /** Folders where import paths are looked up. */
  readonly appPath: readonly string[];
}

/** A node with CPUs and nothing special. */
export const plainNode = (name: string, head: boolean, numCpus: number | undefined): LocalNodePlan => ({
  name,
  head,
  numCpus,
  numGpus: 0,
  resources: {},
  labels: {},
});
