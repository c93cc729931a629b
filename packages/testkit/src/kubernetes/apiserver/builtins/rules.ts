import type { KubeObject } from "../../api/objects.ts";
import type { FieldProblems } from "../field-problems.ts";
import type { PrepareContext } from "../plugins.ts";

/** What is special about a built-in kind. Both are for objects whose metadata is complete. */
export interface KindRules {
  /** Fills in what is absent. On UPDATE the old object is at hand for what only the server decides. */
  readonly defaults?: (object: KubeObject, context: PrepareContext) => void;
  readonly validate?: (object: KubeObject, context: PrepareContext, problems: FieldProblems) => void;
}
