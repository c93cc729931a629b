import type { LabelSelector } from "kubernetes-types/meta/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import { controllerOf } from "../objects/ownership.ts";
import { selectsLabels } from "../objects/selects-labels.ts";
import { type Informer, keyOf, keyOfObject } from "../runtime/informer.ts";

/** A change of a dependent is one of its controller; what has none is one of everybody who might adopt it. */
export const enqueueOwners = <T extends KubeObject, O extends KubeObject & { spec: { selector?: LabelSelector } }>(
  dependents: Informer<T>,
  owners: Pick<Informer<O>, "inNamespace">,
  kind: string,
  queue: { add(key: string): void },
): void => {
  dependents.onChange(({ object, previous, gone }) => {
    for (const each of previous === undefined ? [object] : [object, previous]) {
      const controller = controllerOf(each);
      if (controller?.kind === kind) queue.add(keyOf(each.metadata.namespace, controller.name));
    }
    if (gone || controllerOf(object) !== undefined) return;
    for (const owner of owners.inNamespace(object.metadata.namespace))
      if (selectsLabels(owner.spec.selector, object.metadata.labels)) queue.add(keyOfObject(owner));
  });
};
