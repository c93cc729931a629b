import type { Pod } from "kubernetes-types/core/v1.d.ts";
import { clusterConditions } from "../../api/conditions.ts";
import { annotations, kinds, rayApiVersion } from "../../api/names.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { keyOf, type Stored } from "../../kube/objects.ts";
import type { Action, Plan } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import { buildAuthSecret, makesAuthSecret } from "../build/auth-secret.ts";
import { writeEvents } from "../cluster-events.ts";
import { conditionIsTrue } from "../conditions.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { isHead, isTerminating } from "../pod-state.ts";
import { isOwnHash, recreateHash } from "../revision.ts";
import { type DecideContext, scopes } from "./decide-context.ts";
import { decideDeletion, decideFinalizer } from "./decide-deletion.ts";
import { decideHeads, rolls } from "./decide-heads.ts";
import { decideObjects } from "./decide-objects.ts";
import { decideWorkers } from "./decide-workers.ts";
import { bounded, deletePod } from "./pod-actions.ts";

/**
 * What has to be done for a cluster, from what is observed of it (reference, section 2.1). D1: the finalizer comes before
 * everything else, alone. D2: parts fail alone. D3: an unchanged cluster gives an empty plan. D4: no decision is taken
 * twice before the caches show the first (`context.waitMs`, and names that follow from their purpose).
 */
export const decideCluster = (observed: ObservedCluster, context: DecideContext): Plan => {
  const { metadata } = observed.cluster;
  const { name, namespace, uid } = metadata;
  return {
    key: keyOf(metadata),
    subject: { apiVersion: rayApiVersion, kind: kinds.rayCluster, name, namespace, uid },
    actions: decide(observed, context),
  };
};

const decide = (observed: ObservedCluster, context: DecideContext): Action[] => {
  if (observed.cluster.metadata.deletionTimestamp !== undefined) return decideDeletion(observed, context);
  const finalizer = decideFinalizer(observed, context);
  if (finalizer.length > 0) return finalizer; // D1
  return [...decideObjects(observed, context), ...withSecret(observed.cluster, decidePods(observed, context))];
};

const decidePods = (observed: ObservedCluster, context: DecideContext): Action[] => {
  const { cluster } = observed;
  const { conditions } = cluster.status ?? {};
  // Once begun it is finished, whatever the spec says meanwhile.
  if (conditionIsTrue(conditions, clusterConditions.suspending)) return deleteAll(observed, "the cluster is suspended");
  // The status says so first: see `suspendVerdicts`.
  if (cluster.spec.suspend === true) return [];
  const recreation = decideRecreation(observed, context);
  return recreation ?? [...decideHeads(observed, context), ...decideWorkers(observed, context)];
};

/**
 * `upgradeStrategy: Recreate` (reference, section 2.11): the head's annotation says which spec its cluster was made of. The
 * hash of another operator tells nothing, so it is replaced by ours. Undefined: nothing of that.
 */
const decideRecreation = (observed: ObservedCluster, context: DecideContext): Action[] | undefined => {
  const { cluster, pods } = observed;
  if (cluster.spec.upgradeStrategy?.type !== "Recreate" || rolls(cluster)) return undefined;
  const hash = recreateHash(cluster.spec);
  const head = pods.find((pod) => isHead(pod) && !isTerminating(pod));
  const found = head?.metadata.annotations?.[annotations.recreateHash];
  if (head === undefined || found === hash) return undefined;
  if (found !== undefined && isOwnHash(found)) return deleteAll(observed, "its spec has changed");
  const written = { [annotations.recreateHash]: hash, [annotations.kuberayVersion]: context.options.operatorVersion };
  const patch: Action = {
    kind: "patch",
    scope: scopes.object("Pod", head.metadata.name),
    resource: resources.pods,
    ref: { namespace: head.metadata.namespace, name: head.metadata.name },
    patch: { type: "merge", body: { metadata: { annotations: written } } },
  };
  return [patch, ...decideHeads(observed, context), ...decideWorkers(observed, context)];
};

/** Workers first: whether all have to go is read from the heads. */
const deleteAll = ({ pods }: ObservedCluster, why: string): Action[] => {
  const live = pods.filter((pod) => !isTerminating(pod));
  const ordered: Stored<Pod>[] = [...live.filter((pod) => !isHead(pod)), ...live.filter(isHead)];
  const deletions = ordered.map((pod) => ({
    ...deletePod(pod, scopes.pods, why),
    ...writeEvents("Delete", "Pod", why),
  }));
  return bounded(deletions, scopes.pods);
};

/** Pods that need the cluster's token get it before them. It is never read: that it is there already is fine. */
const withSecret = (cluster: RayCluster, actions: readonly Action[]): Action[] => {
  const first = actions.findIndex(({ kind }) => kind === "create");
  if (first < 0 || !makesAuthSecret(cluster)) return [...actions];
  const scope = actions[first]?.scope ?? scopes.head;
  const object = buildAuthSecret(cluster);
  const secret: Action = {
    kind: "create",
    scope,
    resource: resources.secrets,
    object,
    ifExists: "ignore",
    ...writeEvents("Create", "Secret"),
  };
  return [...actions.slice(0, first), secret, ...actions.slice(first)];
};
