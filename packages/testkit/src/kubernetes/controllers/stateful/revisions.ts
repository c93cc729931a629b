import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { createUnlessThere, deleteObject } from "../objects/delete-object.ts";
import { controllerReference } from "../objects/ownership.ts";
import { shortHash } from "../objects/template-hash.ts";
import type { StatefulSetObject } from "../objects/types.ts";
import type { ControllerDeps } from "../runtime/controller.ts";

/** On pods: of which revision they are. */
export const revisionLabel = "controller-revision-hash";
const controllerRevisions: ResourceId = { group: "apps", version: "v1", plural: "controllerrevisions" };

/** A template by its name. */
export interface Revision {
  readonly name: string;
  readonly template: PodTemplateSpec;
}

/** The template that all pods had last, and the one they are to have. */
export interface Revisions {
  readonly current: Revision;
  readonly update: Revision;
}

interface RevisionObject extends KubeObject {
  revision: number;
  data?: { spec: { template: PodTemplateSpec } };
}

/** Keeps the templates of a StatefulSet as ControllerRevisions. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/ */
export const revisionsOf = async (deps: ControllerDeps, set: StatefulSetObject): Promise<Revisions> => {
  const known = deps.informers.of<RevisionObject>(controllerRevisions);
  const own = known.ownedBy(set.metadata.uid);
  const { template } = set.spec;
  const update = { name: `${set.metadata.name}-${shortHash(template)}`, template };
  const { namespace } = set.metadata;
  const found = own.find(({ metadata }) => metadata.name === update.name);
  const newest = Math.max(0, ...own.map(({ revision }) => revision));
  if (found === undefined && set.metadata.deletionTimestamp === undefined)
    await createUnlessThere(deps.access, controllerRevisions, {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: update.name,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...template.metadata?.labels, [revisionLabel]: update.name },
        ownerReferences: [controllerReference(set)],
      },
      data: { spec: { template } },
      revision: newest + 1,
    });
  const currentName = set.status?.currentRevision ?? update.name;
  const stored = own.find(({ metadata }) => metadata.name === currentName);
  const surplus = own.length - (set.spec.revisionHistoryLimit ?? 10) - 2;
  const unused = own.filter(({ metadata }) => metadata.name !== currentName && metadata.name !== update.name);
  for (const old of unused.toSorted((a, b) => a.revision - b.revision).slice(0, Math.max(0, surplus)))
    await deleteObject(deps.access, controllerRevisions, old);
  return { update, current: { name: currentName, template: stored?.data?.spec.template ?? template } };
};
