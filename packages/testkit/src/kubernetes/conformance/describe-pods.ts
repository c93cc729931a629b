import { describePodFiles } from "./pod-files.suite.ts";
import { describePodLifecycle } from "./pod-lifecycle.suite.ts";
import { describePodNetwork } from "./pod-network.suite.ts";
import { describePodProbes } from "./pod-probes.suite.ts";
import { describePodStreams } from "./pod-streams.suite.ts";
import type { Connect } from "./suite.ts";
import { describeWorkloads } from "./workloads.suite.ts";

/** What a cluster's nodes do with pods, as far as we rely on it: for ours and for any other. One line a suite. */
export const describePods = (connect: Connect): void => {
  describePodLifecycle(connect);
  describePodProbes(connect);
  describePodFiles(connect);
  describePodStreams(connect);
  describePodNetwork(connect);
  describeWorkloads(connect);
};
