import { resources } from "../../api/resources.ts";
import { createUnlessThere } from "../objects/delete-object.ts";
import { podFromTemplate } from "../objects/pod-from-template.ts";
import type { StatefulSetObject } from "../objects/types.ts";
import type { ControllerDeps } from "../runtime/controller.ts";
import { type Revisions, revisionLabel } from "./revisions.ts";

const source = { component: "statefulset-controller" };

/** One pod with its name, its address by name, and its claims. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-identity */
export const createMember = async (
  { access, events }: ControllerDeps,
  set: StatefulSetObject,
  ordinal: number,
  { current, update }: Revisions,
): Promise<void> => {
  const { spec, metadata } = set;
  const name = `${metadata.name}-${ordinal}`;
  const revision = ordinal < (spec.updateStrategy?.rollingUpdate?.partition ?? 0) ? current : update;
  const pod = podFromTemplate(
    set,
    revision.template,
    { name },
    {
      "statefulset.kubernetes.io/pod-name": name,
      "apps.kubernetes.io/pod-index": String(ordinal),
      [revisionLabel]: revision.name,
    },
  );
  pod.spec.hostname = name;
  if (spec.serviceName !== undefined && spec.serviceName !== "") pod.spec.subdomain = spec.serviceName;
  const claims = spec.volumeClaimTemplates ?? [];
  const volumes = claims.map((claim) => ({
    name: claim.metadata?.name ?? "",
    persistentVolumeClaim: { claimName: `${claim.metadata?.name ?? ""}-${name}` },
  }));
  const replaced = new Set(volumes.map((volume) => volume.name));
  pod.spec.volumes = [...(pod.spec.volumes ?? []).filter((volume) => !replaced.has(volume.name)), ...volumes];
  for (const claim of claims)
    await createUnlessThere(access, resources.persistentVolumeClaims, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        name: `${claim.metadata?.name ?? ""}-${name}`,
        labels: { ...claim.metadata?.labels, ...spec.selector.matchLabels },
        ...(claim.metadata?.annotations === undefined ? {} : { annotations: claim.metadata.annotations }),
      },
      spec: claim.spec,
    });
  await access.create(resources.pods, pod);
  const message = `create Pod ${name} in StatefulSet ${metadata.name} successful`;
  events.record(set, source, { type: "Normal", reason: "SuccessfulCreate", message });
};
