import { resources } from "../../api/resources.ts";
import { controllerReference } from "../objects/ownership.ts";
import { shortHash } from "../objects/template-hash.ts";
import type { DeploymentObject, ReplicaSetObject } from "../objects/types.ts";
import type { ControllerDeps } from "../runtime/controller.ts";

const hashLabel = "pod-template-hash";
const revisionAnnotation = "deployment.kubernetes.io/revision";
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** The revision of a ReplicaSet; 0 when it has none. */
export const revisionOf = ({ metadata }: ReplicaSetObject): number =>
  Number(metadata.annotations?.[revisionAnnotation] ?? 0);

/** Whether the ReplicaSet is the one of the Deployment's present template. */
export const isOfTemplate = ({ metadata }: ReplicaSetObject, { spec }: DeploymentObject): boolean =>
  metadata.labels?.[hashLabel] === shortHash(spec.template);

/**
 * The ReplicaSet of the present template, made when there is none (a template of before is used again, as a new
 * revision). https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label
 */
export const currentSet = async (
  deps: ControllerDeps,
  deployment: DeploymentObject,
  sets: readonly ReplicaSetObject[],
): Promise<ReplicaSetObject> => {
  const found = sets.find((set) => isOfTemplate(set, deployment));
  const newest = Math.max(0, ...sets.filter((set) => set !== found).map(revisionOf));
  const revision = String(Math.max(newest + 1, found === undefined ? 0 : revisionOf(found)));
  const current = found ?? (await createSet(deps, deployment, revision));
  if (found !== undefined && found.metadata.annotations?.[revisionAnnotation] !== revision)
    await annotate(deps, resources.replicaSets, found, revision);
  if (deployment.metadata.annotations?.[revisionAnnotation] !== revision)
    await annotate(deps, resources.deployments, deployment, revision);
  return current;
};

const createSet = async (
  { access }: ControllerDeps,
  deployment: DeploymentObject,
  revision: string,
): Promise<ReplicaSetObject> => {
  const { spec, metadata } = deployment;
  const hash = shortHash(spec.template);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  const { [lastApplied]: _, ...annotations } = metadata.annotations ?? {};
  const created = await access.create(resources.replicaSets, {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      annotations: { ...annotations, [revisionAnnotation]: revision },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  });
  return created as ReplicaSetObject;
};

const annotate = async (
  { access }: ControllerDeps,
  resource: (typeof resources)["deployments" | "replicaSets"],
  { metadata }: DeploymentObject | ReplicaSetObject,
  revision: string,
): Promise<void> => {
  const { namespace, name } = metadata;
  const id = namespace === undefined ? { name } : { namespace, name };
  await access.mergePatch(resource, id, { metadata: { annotations: { [revisionAnnotation]: revision } } });
};
