import type { ListOptions } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { freezeJson } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { parseSelection, type Selection } from "../selectors/selection.ts";
import type { StoredEvent } from "../storage/stored-event.ts";
import type { Core } from "./core.ts";

/** From where a watch starts, and what it tells. */
export interface WatchRequest {
  readonly options: ListOptions;
  /** Changes after this version; undefined: all objects first. */
  readonly since: number | undefined;
  readonly onEvent: (type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject) => void;
}

/**
 * Tells changes until it is closed. Before it returns it tells what there is, or what happened since the version asked
 * for. Throws `ApiError` (Expired when that is forgotten, BadRequest).
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export const watch = (core: Core, definition: ResourceDefinition, request: WatchRequest): (() => void) => {
  const { onEvent, since } = request;
  const collection = core.store.collection(definition.storage);
  const selection = parseSelection(request.options, definition);
  const selected = (stored: KubeObject): KubeObject | undefined => {
    const object = core.served.object(definition, stored);
    return selection(object) ? object : undefined;
  };
  const started = core.store.revision;
  const missed = since === undefined ? [] : collection.since(since);
  if (missed === undefined) throw expired(since ?? 0, collection.oldestRevision);
  if (since === undefined) {
    for (const stored of collection.all()) {
      const object = selected(stored);
      if (object !== undefined) onEvent("ADDED", object);
    }
  }
  const tell = (event: StoredEvent): void => tellEvent(core, definition, event, selection, onEvent);
  for (const event of missed) tell(event);
  // What is stored but not yet told to others (a watch that is opened by a listener) was part of the state above.
  return collection.listen((event) => {
    if (event.revision > started) tell(event);
  });
};

/** What an event is for somebody who sees only selected objects: they come and go by their labels, too. */
const tellEvent = (
  core: Core,
  definition: ResourceDefinition,
  { object: stored, previous: storedBefore, removed }: StoredEvent,
  selection: Selection,
  onEvent: WatchRequest["onEvent"],
): void => {
  const object = core.served.object(definition, stored);
  const before = storedBefore === undefined ? undefined : core.served.object(definition, storedBefore);
  const wasSelected = before !== undefined && selection(before);
  if (removed) {
    if (wasSelected) onEvent("DELETED", object);
    return;
  }
  if (selection(object)) onEvent(wasSelected ? "MODIFIED" : "ADDED", object);
  else if (wasSelected) onEvent("DELETED", lastSelected(before, object.metadata.resourceVersion ?? ""));
};

/** The state that was selected, with the version in which it left. */
const lastSelected = (before: KubeObject, resourceVersion: string): KubeObject =>
  freezeJson({ ...before, metadata: { ...before.metadata, resourceVersion } });

const expired = (since: number, oldest: number): ApiError =>
  new ApiError("Expired", `too old resource version: ${since} (${oldest})`);
