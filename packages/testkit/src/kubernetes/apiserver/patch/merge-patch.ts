import { isObject, type JsonObject } from "../json.ts";
import { cloneJson, setKey } from "./json.ts";

/**
 * The target after a JSON Merge Patch: null removes, objects merge, all else replaces. Neither argument is changed,
 * and the answer shares what the patch left alone. https://www.rfc-editor.org/rfc/rfc7386
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === null) delete merged[key];
    else setKey(merged, key, applyMergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, change));
  }
  return merged;
}
