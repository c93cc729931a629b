import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { ApplyRequest, ResourceDefinition } from "../plugins.ts";
import { fromFieldsV1, toFieldsV1 } from "./fields-v1.ts";
import { configMaps, deployments, structures, widgets } from "./fixtures/definitions.ts";
import { serverSideApply } from "./server-side-apply.ts";
import { toFieldSet } from "./to-field-set.ts";
import { trackUpdate } from "./track-update.ts";

const time = "2026-01-01T00:00:00Z";

function apply(
  current: KubeObject | undefined,
  applied: KubeObject,
  manager: string,
  more: Partial<ApplyRequest> = {},
): KubeObject {
  const definition = more.definition ?? widgets;
  const request = { current, applied, manager, force: false, definition, subresource: undefined, time, ...more };
  return serverSideApply(request, structures.of(definition));
}

function update(
  before: KubeObject | undefined,
  after: KubeObject,
  manager: string,
  definition: ResourceDefinition = widgets,
): KubeObject {
  const managedFields = trackUpdate(
    { before, after, manager, definition, subresource: undefined, time },
    structures.of(definition),
  );
  return { ...after, metadata: { ...after.metadata, managedFields } };
}

const widget = (spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name: "w", ...metadata },
  spec,
});

function refusal(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const configMap = (data: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "test-cm", namespace: "default", labels: { "test-label": "test" } },
  data,
});

// https://kubernetes.io/docs/reference/using-api/server-side-apply/
describe("the documentation's example", () => {
  const created = apply(undefined, configMap({ key: "some value" }), "kubectl", { definition: configMaps });

  test("an apply owns what it has", () => {
    expect(created.metadata.managedFields).toEqual([
      {
        manager: "kubectl",
        operation: "Apply",
        apiVersion: "v1",
        time,
        fieldsType: "FieldsV1",
        fieldsV1: { "f:metadata": { "f:labels": { "f:test-label": {} } }, "f:data": { "f:key": {} } },
      },
    ]);
  });

  test("an update takes what it changes", () => {
    const updated = update(created, { ...created, data: { key: "new value" } }, "kube-controller-manager", configMaps);
    expect(updated.metadata.managedFields).toMatchObject([
      { manager: "kubectl", operation: "Apply", fieldsV1: { "f:metadata": { "f:labels": { "f:test-label": {} } } } },
      { manager: "kube-controller-manager", operation: "Update", fieldsV1: { "f:data": { "f:key": {} } } },
    ]);
    const error = refusal(() =>
      apply(updated, configMap({ key: "some value" }), "kubectl", { definition: configMaps }),
    );
    expect(error.message).toBe(
      'Apply failed with 1 conflict: conflict with "kube-controller-manager" using v1: .data.key',
    );
    expect(error.code).toBe(409);
    expect(error.details.causes).toEqual([
      {
        reason: "FieldManagerConflict",
        message: 'conflict with "kube-controller-manager" using v1',
        field: ".data.key",
      },
    ]);
    const forced = apply(updated, configMap({ key: "some value" }), "kubectl", { definition: configMaps, force: true });
    expect(forced["data"]).toEqual({ key: "some value" });
    expect(forced.metadata.managedFields).toEqual(created.metadata.managedFields);
  });
});

const deployment = (spec: object): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: { template: { spec } },
});

describe("an apply", () => {
  test("removes what the manager no longer applies, and nothing else", () => {
    const first = apply(
      undefined,
      widget({ size: 1, tags: ["a", "b"], parts: [{ name: "x", count: 1 }, { name: "y" }] }, { labels: { l: "1" } }),
      "me",
    );
    const defaulted = { ...first, spec: { ...(first["spec"] as object), color: "red" } };
    const second = apply(defaulted, widget({ tags: ["b"], parts: [{ name: "y" }] }), "me");
    expect(second["spec"]).toEqual({ tags: ["b"], parts: [{ name: "y" }], color: "red" });
    expect(second.metadata).not.toHaveProperty("labels");
  });

  test("keeps what another manager applies too", () => {
    const first = apply(undefined, widget({ size: 1, parts: [{ name: "x" }] }), "a");
    const both = apply(first, widget({ size: 1, parts: [{ name: "x" }] }), "b");
    const left = apply(both, widget({}), "a");
    expect(left["spec"]).toEqual({ size: 1, parts: [{ name: "x" }] });
    expect(left.metadata.managedFields).toMatchObject([{ manager: "a", fieldsV1: { "f:spec": {} } }, { manager: "b" }]);
  });

  test("of the same again changes nothing, the time neither", () => {
    const first = apply(undefined, widget({ size: 1, tags: ["a"] }), "me");
    expect(apply(first, widget({ size: 1, tags: ["a"] }), "me", { time: "2027-01-01T00:00:00Z" })).toEqual(first);
  });

  test("merges lists by their type", () => {
    const first = apply(
      undefined,
      widget({ tags: ["a"], steps: ["1"], parts: [{ name: "x", count: 1 }], whole: { a: "1" } }),
      "a",
    );
    const second = apply(first, widget({ tags: ["b"], parts: [{ name: "y" }, { name: "x" }] }), "b");
    expect(second["spec"]).toEqual({
      tags: ["a", "b"],
      steps: ["1"],
      parts: [{ name: "y" }, { name: "x", count: 1 }],
      whole: { a: "1" },
    });
    const error = refusal(() => apply(second, widget({ steps: ["2"], whole: { b: "2" } }), "b"));
    expect(error.message).toBe('Apply failed with 2 conflicts: conflicts with "a":\n- .spec.steps\n- .spec.whole');
  });

  test("tells of an item of a keyed list in a conflict", () => {
    const first = apply(undefined, widget({ parts: [{ name: "x", count: 1 }] }), "a");
    const error = refusal(() => apply(first, widget({ parts: [{ name: "x", count: 2 }] }), "b"));
    expect(error.details.causes?.[0]?.field).toBe('.spec.parts[name="x"].count');
  });
});

describe("an apply, also,", () => {
  test("shares what both set to the same", () => {
    const both = apply(apply(undefined, widget({ size: 1 }), "a"), widget({ size: 1 }), "b");
    expect(both.metadata.managedFields).toHaveLength(2);
  });

  test("refuses items that cannot be told apart, managedFields and no manager", () => {
    expect(refusal(() => apply(undefined, widget({ parts: [{ name: "x" }, { name: "x" }] }), "a")).message).toContain(
      'duplicate entries for key {"name":"x"}',
    );
    expect(refusal(() => apply(undefined, widget({}, { managedFields: [{}] }), "a")).message).toBe(
      "metadata.managedFields must be nil",
    );
    expect(refusal(() => apply(undefined, widget({}), "")).message).toContain("is required for apply patch");
  });

  test("at the status owns only the status", () => {
    const first = apply(undefined, { ...widget({ size: 1 }), status: { phase: "ignored" } }, "a");
    expect(first).not.toHaveProperty("status");
    const second = apply(first, { ...widget({ size: 5 }), status: { phase: "Ready" } }, "a", { subresource: "status" });
    expect(second).toMatchObject({ spec: { size: 1 }, status: { phase: "Ready" } });
    expect(second.metadata.managedFields).toMatchObject([
      { manager: "a" },
      { manager: "a", subresource: "status", fieldsV1: { "f:status": { "f:phase": {} } } },
    ]);
  });

  test("of a Deployment knows its lists by their keys", () => {
    const first = apply(
      undefined,
      deployment({ containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }] }),
      "a",
      { definition: deployments },
    );
    expect(first.metadata.managedFields).toMatchObject([
      {
        fieldsV1: {
          "f:spec": {
            "f:template": {
              "f:spec": {
                "f:containers": {
                  'k:{"name":"c"}': {
                    ".": {},
                    "f:name": {},
                    "f:image": {},
                    "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
                  },
                },
              },
            },
          },
        },
      },
    ]);
  });
});

describe("an update", () => {
  test("leaves what it removed to nobody, and takes a value by its parts", () => {
    const first = update(undefined, widget({ size: 1, parts: [{ name: "x", count: 1 }] }), "creator");
    const second = update(first, { ...first, spec: { size: 2 } }, "editor");
    expect(second.metadata.managedFields).toMatchObject([
      { manager: "creator", fieldsV1: { "f:spec": {} } },
      { manager: "editor", fieldsV1: { "f:spec": { "f:size": {} } } },
    ]);
  });

  test("that changes nothing leaves managedFields as they are", () => {
    const first = update(undefined, widget({ size: 1 }), "creator");
    expect(update(first, structuredClone(first), "other").metadata.managedFields).toEqual(first.metadata.managedFields);
  });

  test("that sets managedFields is taken at its word", () => {
    const first = update(undefined, widget({ size: 1 }), "kubectl-client-side-apply");
    expect(
      update(first, { ...first, metadata: { ...first.metadata, managedFields: [{}] } }, "x").metadata.managedFields,
    ).toEqual([]);
    const migrated = (first.metadata.managedFields ?? []).map((entry) => ({
      ...(entry as object),
      manager: "kubectl",
      operation: "Apply",
    }));
    expect(
      update(first, { ...first, metadata: { ...first.metadata, managedFields: migrated } }, "x").metadata.managedFields,
    ).toMatchObject([{ manager: "kubectl", operation: "Apply" }]);
  });

  test("by many managers keeps a bounded number of them", () => {
    let object = update(undefined, widget({}), "first");
    for (let i = 0; i < 30; i++)
      object = update(object, { ...object, spec: { ...(object["spec"] as object), [`f${i}`]: i } }, `m${i}`);
    expect(object.metadata.managedFields).toHaveLength(10);
    expect(object.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: "ancient-changes" }));
  });
});

describe("for any objects", () => {
  const spec = fc.record(
    {
      size: fc.integer(),
      tags: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d")),
      steps: fc.array(fc.string(), { maxLength: 2 }),
      parts: fc.uniqueArray(
        fc.record({ name: fc.constantFrom("x", "y", "z"), count: fc.integer() }, { requiredKeys: ["name"] }),
        { selector: ({ name }) => name },
      ),
      whole: fc.dictionary(fc.constantFrom("a", "b"), fc.string()),
      free: fc.dictionary(
        fc.constantFrom("a", "b"),
        fc.jsonValue().filter((value) => !JSON.stringify(value).includes("null")),
      ),
    },
    { requiredKeys: [] },
  );

  test("fieldsV1 tells the same set back", () => {
    fc.assert(
      fc.property(spec, (value) => {
        const set = toFieldSet(widget(value), structures.of(widgets));
        expect(fromFieldsV1(toFieldsV1(set)).equals(set)).toBe(true);
      }),
    );
  });

  test("the last apply of the only manager is what there is", () => {
    fc.assert(
      fc.property(spec, spec, (a, b) => {
        const twice = apply(apply(undefined, widget(a), "me"), widget(b), "me");
        const once = apply(undefined, widget(b), "me");
        expect(withoutEmpty(sorted(twice))).toEqual(withoutEmpty(sorted(once)));
        expect(apply(twice, widget(b), "me")).toEqual(twice);
      }),
    );
  });

  test("a forced apply never conflicts and has its values", () => {
    fc.assert(
      fc.property(spec, spec, (a, b) => {
        const result = apply(apply(undefined, widget(a), "a"), widget(b), "b", { force: true });
        const { size, steps, whole } = result["spec"] as { size?: number; steps?: string[]; whole?: object };
        const after = { size, steps, whole };
        const expected = { size: b.size ?? a.size, steps: b.steps ?? a.steps, whole: b.whole ?? a.whole };
        expect(after).toEqual(expected);
      }),
    );
  });
});

/** Whether an empty list or object is there is not what these properties are about. */
function withoutEmpty(value: object): object {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, member]) => typeof member !== "object" || Object.keys(member as object).length > 0,
    ),
  );
}

/** The spec with its lists sorted: an apply keeps the order of what stays. */
function sorted(object: KubeObject): object {
  const text = JSON.stringify(object["spec"] ?? {}, (_key, value: unknown) =>
    Array.isArray(value) ? value.toSorted(byText) : value,
  );
  return JSON.parse(text) as object;
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
