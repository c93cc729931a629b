import type { PodTemplateSpec } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerReference } from "./ownership.ts";

/** A pod as its controller creates it: of the template, by a name or a beginning of one. */
export const podFromTemplate = (
  owner: KubeObject,
  template: PodTemplateSpec,
  named: { readonly name: string } | { readonly generateName: string },
  labels: Readonly<Record<string, string>> = {},
): Pod =>
  structuredClone({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...named,
      namespace: owner.metadata.namespace,
      labels: { ...template.metadata?.labels, ...labels },
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(template.metadata?.finalizers === undefined ? {} : { finalizers: template.metadata.finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  }) as Pod;
