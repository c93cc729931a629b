/**
 * The operator as a library: `startOperator` runs it inside another process (tests, `manta local up`); the program is
 * `main.ts`.
 */
import { type Logger, pino } from "pino";
import { customResourceDefinitions } from "./api/crd/custom-resource-definitions.ts";
import type { ApiAccess } from "./kube/access/api-access.ts";
import { parseKubeconfig } from "./kube/access/kubeconfig.ts";
import { Operator, type OperatorOptions, type ReconcilerFactory } from "./runtime/operator.ts";
import { reconcilers } from "./runtime/reconcilers.ts";
import { defaultSettings, type OperatorSettings } from "./runtime/settings.ts";

export type { ApiAccess, OperatorSettings, ReconcilerFactory };
export { customResourceDefinitions, Operator };

/** Where and how. */
export interface StartOptions {
  /** A kubeconfig's text, or access made otherwise. */
  readonly kubeconfig: string | ApiAccess;
  /** What differs from `defaultSettings`; here the endpoints are off and there is no election unless asked for. */
  readonly settings?: Partial<OperatorSettings>;
  /** Default: silent. */
  readonly log?: Logger;
  /** Default: those of RayCluster and RayService. */
  readonly reconcilers?: readonly ReconcilerFactory[];
  /** For tests that let it die between two actions. */
  readonly onAction?: OperatorOptions["onAction"];
}

/** Starts an operator in this process. It works once `isWorking`; end it by `close()`. */
export const startOperator = async (options: StartOptions): Promise<Operator> => {
  const { kubeconfig, onAction } = options;
  const operator = new Operator({
    access: typeof kubeconfig === "string" ? parseKubeconfig(kubeconfig) : kubeconfig,
    settings: {
      ...defaultSettings,
      leaderElection: false,
      metricsAddress: undefined,
      healthAddress: undefined,
      ...options.settings,
    },
    reconcilers: options.reconcilers ?? reconcilers,
    log: options.log ?? pino({ level: "silent" }),
    ...(onAction === undefined ? {} : { onAction }),
  });
  await operator.start();
  return operator;
};
