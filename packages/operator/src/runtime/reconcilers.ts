import { AutoscalerReconciler } from "../autoscaler/reconcile-autoscaler.ts";
import { type ClusterOptions, ClusterReconciler, defaultClusterOptions } from "../cluster/index.ts";
import { ServiceReconciler } from "../service/reconcile-service.ts";
import type { ReconcilerFactory } from "./operator.ts";
import type { OperatorSettings } from "./settings.ts";
import { operatorVersion } from "./version.ts";

/** What the operator reconciles. */
export const reconcilers: readonly ReconcilerFactory[] = [
  (deps, settings) => new ClusterReconciler(deps, clusterOptions(settings)),
  (deps, settings) =>
    new ServiceReconciler(deps, { options: clusterOptions(settings), zeroDowntime: settings.zeroDowntime }),
  (deps, settings) => new AutoscalerReconciler(deps, { clusterDomain: clusterOptions(settings).clusterDomain }),
];

const clusterOptions = ({ cluster }: OperatorSettings): ClusterOptions => ({
  ...defaultClusterOptions,
  operatorVersion,
  ...cluster,
});
