import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../api/objects.ts";
import { Store } from "./store.ts";
import type { StoredEvent } from "./stored-event.ts";

const object = (name: string, value = 0): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, namespace: "ns" },
  value,
});
const names = (objects: readonly KubeObject[] | undefined): string[] | undefined =>
  objects?.map(({ metadata }) => metadata.name);

describe("store", () => {
  test("versions grow with every change, and stored objects are frozen", () => {
    const store = new Store(10);
    const first = store.put("things", object("a"));
    const second = store.put("others", object("b"));
    expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1);
    expect(Object.isFrozen(first.metadata)).toBe(true);
  });

  test("listeners hear changes in order, even of a listener that writes", () => {
    const store = new Store(10);
    const heard: string[] = [];
    const things = store.collection("things");
    things.listen(({ object: { metadata } }) => {
      if (metadata.name === "a") store.put("things", object("b"));
    });
    things.listen(({ object: { metadata } }) => heard.push(metadata.name));
    store.put("things", object("a"));
    expect(heard).toEqual(["a", "b"]);
  });

  test("a past version is shown as it was, until it is forgotten", () => {
    const store = new Store(4);
    const things = store.collection("things");
    store.put("things", object("a"));
    const then = store.revision;
    store.put("things", object("a", 1));
    store.put("things", object("b"));
    const last = things.get("ns", "a");
    if (last !== undefined) store.remove("things", last);
    expect(names(things.all())).toEqual(["b"]);
    expect(names(things.at(then))).toEqual(["a"]);
    expect(things.at(then)?.[0]).toMatchObject({ value: 0 });
    for (let value = 0; value < 5; value += 1) store.put("things", object("c", value));
    expect(things.at(then)).toBeUndefined();
    expect(things.since(things.oldestRevision)).toBeDefined();
  });

  test("a removal is told with the last state and a version of its own", () => {
    const store = new Store(10);
    const events: StoredEvent[] = [];
    const stored = store.put("things", object("a", 7));
    store.collection("things").listen((event) => events.push(event));
    store.remove("things", stored);
    expect(events[0]).toMatchObject({ removed: true, object: { value: 7 } });
    expect(Number(events[0]?.object.metadata.resourceVersion)).toBeGreaterThan(Number(stored.metadata.resourceVersion));
  });
});
