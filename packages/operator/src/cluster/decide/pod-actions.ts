import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { Stored } from "../../kube/objects.ts";
import type { Action, CreateAction, DeleteAction } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import { writeEvents } from "../cluster-events.ts";
import { clusterLimits } from "../limits.ts";
import { isHead } from "../pod-state.ts";
import { requeue } from "./decide-context.ts";

/** Deletes one pod, and no other of its name that comes after it. */
export const deletePod = (pod: Stored<Pod>, scope: string, why: string, expect?: string): DeleteAction => ({
  kind: "delete",
  scope,
  resource: resources.pods,
  ref: { namespace: pod.metadata.namespace, name: pod.metadata.name },
  options: { preconditions: { uid: pod.metadata.uid } },
  ...(expect === undefined ? {} : { expect }),
  ...writeEvents("Delete", isHead(pod) ? "HeadPod" : "WorkerPod", why),
});

/** Creates a pod. Its name says what it is for: one that is there is the one we want. */
export const createPod = (pod: Pod, subject: "HeadPod" | "WorkerPod", scope: string): CreateAction => ({
  kind: "create",
  scope,
  expect: scope,
  resource: resources.pods,
  object: pod,
  ifExists: "ignore",
  ...writeEvents("Create", subject),
});

/** As many as one pass may write; the next comes soon. */
export const bounded = (actions: readonly Action[], scope: string): Action[] =>
  actions.length <= clusterLimits.podWritesPerPass
    ? [...actions]
    : [...actions.slice(0, clusterLimits.podWritesPerPass), requeue(scope, clusterLimits.moreWritesRequeueMs)];
