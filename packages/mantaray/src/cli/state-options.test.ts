import { describe, expect, it } from "vitest";
import { filterQuery, parseFilter } from "./state-options.ts";

describe("a filter", () => {
  it.each([
    ["class_name=ServeController", { key: "class_name", predicate: "=", value: "ServeController" }],
    ["state!=DEAD", { key: "state", predicate: "!=", value: "DEAD" }],
    [" state != DEAD ", { key: "state", predicate: "!=", value: "DEAD" }],
    ["name=", { key: "name", predicate: "=", value: "" }],
    ["name=SERVE_REPLICA::a#b=c!=d", { key: "name", predicate: "=", value: "SERVE_REPLICA::a#b=c!=d" }],
  ])("%j is understood", (text, expected) => {
    expect(parseFilter(text)).toEqual(expected);
  });

  it.each(["", "state", "=x", "!=x", "state!x"])("%j is refused", (text) => {
    expect(() => parseFilter(text)).toThrow(/key=value/);
  });

  it("travels as a triple, in order", () => {
    const query = filterQuery([parseFilter("state=ALIVE"), parseFilter("pid!=1")]);
    expect(query.toString()).toBe(
      "filter_keys=state&filter_predicates=%3D&filter_values=ALIVE&filter_keys=pid&filter_predicates=%21%3D&filter_values=1",
    );
  });
});
