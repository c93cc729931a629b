import type { KubeObject, Stored } from "../../kube/objects.ts";
import { controllerOf } from "../../kube/objects.ts";
import type { Action } from "../../kube/plan.ts";
import type { Resource } from "../../kube/resources.ts";
import { warning, writeEvents } from "../cluster-events.ts";
import { isOwned } from "../observe-cluster.ts";
import type { ObservedCluster } from "../observed-cluster.ts";
import { type DecideContext, requeue, scopes } from "./decide-context.ts";
import { hasSubset } from "./subset.ts";

type Subject = Parameters<typeof writeEvents>[1];

/** An object of a cluster as it should be, and as it is. */
export interface Kept<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly subject: Subject;
  /** Undefined: there should be none. */
  readonly wanted: T | undefined;
  readonly existing: Stored<T> | undefined;
}

/** An object with the part that is compared. */
type WithSpec = KubeObject & { readonly spec?: object };

/**
 * Creates what is missing, brings back what somebody has changed, deletes what nobody wants any more. Only objects that
 * the cluster controls are touched; one of the same name that belongs to somebody else is told about.
 */
export const keepObject = <T extends WithSpec>(
  observed: ObservedCluster,
  kept: Kept<T>,
  { waitMs }: Pick<DecideContext, "waitMs">,
): Action[] => {
  const { resource, subject, wanted, existing } = kept;
  const name = wanted?.metadata?.name ?? existing?.metadata.name ?? "";
  const scope = scopes.object(resource.kind, name);
  if (wanted === undefined) {
    if (existing === undefined || !isOwned(observed.cluster, existing)) return [];
    return [deletion(kept, existing, scope)];
  }
  if (existing === undefined) {
    // Made already, and not in the cache yet.
    const lagMs = waitMs(scope);
    if (lagMs > 0) return [requeue(scope, lagMs)];
    return [{ kind: "create", scope, resource, object: wanted, expect: scope, ...writeEvents("Create", subject) }];
  }
  // One that goes is created anew once it is gone.
  if (existing.metadata.deletionTimestamp !== undefined) return [];
  if (!isOwned(observed.cluster, existing)) return [notOurs(existing, subject, scope)];
  const part = { metadata: metadataOf(wanted), ...(wanted.spec === undefined ? {} : { spec: wanted.spec }) };
  if (hasSubset(existing, part)) return [];
  if (mustBeNew(existing, wanted)) return [deletion(kept, existing, scope)];
  return [
    {
      kind: "patch",
      scope,
      resource,
      ref: { namespace: existing.metadata.namespace, name },
      patch: { type: "merge", body: part },
      ...writeEvents("Update", subject),
    },
  ];
};

const metadataOf = ({ metadata }: KubeObject): object => ({
  ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
  ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
});

const deletion = <T extends KubeObject>(
  { resource, subject }: Kept<T>,
  existing: Stored<T>,
  scope: string,
): Action => ({
  kind: "delete",
  scope,
  resource,
  ref: { namespace: existing.metadata.namespace, name: existing.metadata.name },
  options: { preconditions: { uid: existing.metadata.uid } },
  ...writeEvents("Delete", subject),
});

const notOurs = (existing: Stored, subject: Subject, scope: string): Action => {
  const owner = controllerOf(existing);
  const whose = owner === undefined ? "nobody" : `${owner.kind} ${owner.name}`;
  const note = `${existing.metadata.name} is there already and belongs to ${whose}: it is left as it is`;
  return { kind: "event", scope, text: warning(`FailedToCreate${subject}`, "Create", note) };
};

/** A Service with an address cannot become one without, nor the other way round: the API refuses it. */
const mustBeNew = (existing: WithSpec, wanted: WithSpec): boolean => {
  if (existing.kind !== "Service" && wanted.kind !== "Service") return false;
  return isHeadless(existing) !== isHeadless(wanted);
};

const isHeadless = ({ spec }: WithSpec): boolean =>
  spec !== undefined && "clusterIP" in spec && spec.clusterIP === "None";
