import type { LabelSelector } from "kubernetes-types/meta/v1.d.ts";
import { type LabelSelectorObject, selects } from "../../apiserver/selectors/object-selector.ts";

/** Whether labels fit a selector as typed objects have it; the API let no other operators in. Absent selects nothing. */
export const selectsLabels = (
  selector: LabelSelector | undefined,
  labels: Record<string, string> | undefined,
): boolean => selects(selector as LabelSelectorObject | undefined, labels);
