import type { ListOptions } from "../../api/access.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { parseLabelSelector } from "./label-selector.ts";

/** Whether an object (in the definition's version) is part of a list or watch. */
export type Selection = (object: KubeObject) => boolean;

/** Namespace and selectors, parsed once. Throws `ApiError` (BadRequest). */
export const parseSelection = (options: ListOptions, definition: ResourceDefinition): Selection => {
  const { namespace } = options;
  const labels = parseLabelSelector(options.labelSelector);
  const fields = parseFieldSelector(options.fieldSelector, definition);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels(object.metadata.labels) &&
    fields(object);
};
