import { ClusterReconciler, defaultClusterOptions } from "../cluster/index.ts";
import type { ReconcilerFactory } from "./operator.ts";
import { operatorVersion } from "./version.ts";

/** What the operator reconciles. */
export const reconcilers: readonly ReconcilerFactory[] = [
  (deps, { cluster }) =>
    new ClusterReconciler(deps, { ...defaultClusterOptions, operatorVersion: operatorVersion, ...cluster }),
];
