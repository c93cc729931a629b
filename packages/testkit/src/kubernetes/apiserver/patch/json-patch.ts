import { isObject, type JsonObject } from "../json.ts";
import { cloneJson, equalJson, setKey } from "./json.ts";
import { parseJsonPointer } from "./json-pointer.ts";
import { jsonPatchOperationsMax } from "./limits.ts";

/** A patch that is no JSON Patch at all: the API answers 400. */
export class MalformedPatchError extends Error {
  override readonly name = "MalformedPatchError";
}

/** A JSON Patch that does not fit the document (a path that is missing, a `test` that fails): the API answers 422. */
export class PatchConflictError extends Error {
  override readonly name = "PatchConflictError";
}

type Change =
  | { readonly op: "add" | "replace" | "test"; readonly path: readonly string[]; readonly value: unknown }
  | { readonly op: "move" | "copy"; readonly path: readonly string[]; readonly from: readonly string[] }
  | { readonly op: "remove"; readonly path: readonly string[] };

/**
 * The document after a JSON Patch; the given one stays as it is. All operations apply or none. Throws
 * `MalformedPatchError` and `PatchConflictError`. https://www.rfc-editor.org/rfc/rfc6902
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  // The root sits in a holder so that the path "" is a place like any other.
  const holder: JsonObject = { root: cloneJson(document) };
  for (const change of parsePatch(patch)) applyChange(holder, change);
  return holder["root"];
}

function parsePatch(patch: unknown): Change[] {
  if (!Array.isArray(patch)) throw new MalformedPatchError("a JSON patch is an array of operations");
  if (patch.length > jsonPatchOperationsMax) {
    throw new MalformedPatchError(
      `a JSON patch has at most ${jsonPatchOperationsMax} operations, this one ${patch.length}`,
    );
  }
  return patch.map(parseChange);
}

function parseChange(operation: unknown): Change {
  if (!isObject(operation)) throw new MalformedPatchError("an operation of a JSON patch is an object");
  const { op } = operation;
  const path = pointerOf(operation, "path");
  switch (op) {
    case "add":
    case "replace":
    case "test":
      // Without `value` the API server takes null; so do we.
      return { op, path, value: operation["value"] ?? null };
    case "remove":
      return { op, path };
    case "move":
    case "copy":
      return { op, path, from: pointerOf(operation, "from") };
    default:
      throw new MalformedPatchError(`unexpected kind of JSON patch operation: ${JSON.stringify(op)}`);
  }
}

function pointerOf(operation: JsonObject, name: "path" | "from"): string[] {
  const pointer = operation[name];
  if (typeof pointer !== "string")
    throw new MalformedPatchError(`a JSON patch operation has no ${JSON.stringify(name)}`);
  try {
    return ["root", ...parseJsonPointer(pointer)];
  } catch (error) {
    throw new MalformedPatchError((error as Error).message, { cause: error });
  }
}

function applyChange(holder: JsonObject, change: Change): void {
  switch (change.op) {
    case "add":
      return insert(holder, change.path, cloneJson(change.value));
    case "remove":
      removeAt(holder, change.path);
      return;
    case "replace":
      readAt(holder, change.path);
      return overwrite(holder, change.path, cloneJson(change.value));
    case "move":
      if (startsWith(change.path, change.from)) throw fail(change, "a value cannot be moved into itself");
      return insert(holder, change.path, removeAt(holder, change.from));
    case "copy":
      return insert(holder, change.path, cloneJson(readAt(holder, change.from)));
    case "test":
      if (!equalJson(valueOrNull(holder, change.path), change.value)) {
        throw new PatchConflictError(`testing value ${pointerText(change.path)} failed`);
      }
  }
}

/** A `test` against null holds for a missing member too, as the API server has it. */
function valueOrNull(holder: JsonObject, path: readonly string[]): unknown {
  const parent = parentOf(holder, path);
  return (Array.isArray(parent) ? readAt(holder, path) : parent[path.at(-1) ?? ""]) ?? null;
}

function insert(holder: JsonObject, path: readonly string[], value: unknown): void {
  const parent = parentOf(holder, path);
  const token = path.at(-1) ?? "";
  if (!Array.isArray(parent)) return setKey(parent, token, value);
  const index = token === "-" ? parent.length : indexOf(token, path);
  if (index > parent.length) throw missing(path);
  parent.splice(index, 0, value);
}

function overwrite(holder: JsonObject, path: readonly string[], value: unknown): void {
  const parent = parentOf(holder, path);
  const token = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent[indexOf(token, path)] = value;
  else setKey(parent, token, value);
}

function removeAt(holder: JsonObject, path: readonly string[]): unknown {
  const value = readAt(holder, path);
  const parent = parentOf(holder, path);
  const token = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(indexOf(token, path), 1);
  else delete parent[token];
  return value;
}

function readAt(holder: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, token) => step(at, token, path), holder);
}

function parentOf(holder: JsonObject, path: readonly string[]): JsonObject | unknown[] {
  const parent = path.slice(0, -1).reduce<unknown>((at, token) => step(at, token, path), holder);
  if (!Array.isArray(parent) && !isObject(parent)) throw missing(path);
  return parent;
}

function step(at: unknown, token: string, path: readonly string[]): unknown {
  if (Array.isArray(at)) {
    const index = indexOf(token, path);
    if (index >= at.length) throw missing(path);
    return at[index];
  }
  if (isObject(at) && Object.hasOwn(at, token)) return at[token];
  throw missing(path);
}

function indexOf(token: string, path: readonly string[]): number {
  if (!/^(?:0|[1-9]\d*)$/u.test(token)) throw missing(path);
  return Number(token);
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return path.length > prefix.length && prefix.every((token, i) => path[i] === token);
}

function missing(path: readonly string[]): PatchConflictError {
  return new PatchConflictError(`the path ${pointerText(path)} does not exist`);
}

function fail(change: Change, why: string): PatchConflictError {
  return new PatchConflictError(`${change.op} at ${pointerText(change.path)}: ${why}`);
}

function pointerText(path: readonly string[]): string {
  const tokens = path.slice(1).map((token) => token.replaceAll("~", "~0").replaceAll("/", "~1"));
  return tokens.map((token) => `/${token}`).join("");
}
