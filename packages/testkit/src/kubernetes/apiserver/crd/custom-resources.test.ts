import { FakeClock } from "mantaray/testing";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { builtinTypes } from "../openapi/builtin/builtin-types.ts";
import { Decoder } from "../openapi/builtin/decode.ts";
import type { PrepareContext } from "../plugins.ts";
import { createCustomResources } from "./custom-resources.ts";
import { cronTab, cronTabSpec } from "./fixtures/cron-tab.ts";

const customResources = createCustomResources({ clock: new FakeClock(), decoder: new Decoder(builtinTypes) });
const create: PrepareContext = { operation: "CREATE", old: undefined, subresource: undefined };
const update = (old: KubeObject, subresource?: "status"): PrepareContext => ({ operation: "UPDATE", old, subresource });

function refusal(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const refusals: [string, object, RegExp][] = [
  [
    "a node without type",
    { spec: { properties: { x: {} } } },
    /properties\[spec\]\.properties\[x\]\.type: Required value: must not be empty for specified object fields/u,
  ],
  [
    "an array without items",
    { spec: { type: "object", properties: { x: { type: "array" } } } },
    /properties\[x\]\.items: Required value: must be specified/u,
  ],
  [
    "unique items",
    { spec: { type: "array", items: { type: "string" }, uniqueItems: true } },
    /uniqueItems: Forbidden/u,
  ],
  [
    "a type in anyOf",
    { spec: { type: "object", anyOf: [{ type: "object" }] } },
    /anyOf\[0\]\.type: Forbidden: must be empty to be structural/u,
  ],
  [
    "properties beside additionalProperties",
    { spec: { type: "object", properties: {}, additionalProperties: { type: "string" } } },
    /mutual exclusive/u,
  ],
  [
    "a default of the wrong type",
    { spec: { type: "integer", default: "x" } },
    /properties\[spec\]\.default: Invalid value/u,
  ],
  [
    "a default with an unknown field",
    { spec: { type: "object", default: { a: 1 } } },
    /default\.a: Invalid value.*must be pruned/u,
  ],
  [
    "a list map without keys",
    { spec: { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" } },
    /x-kubernetes-list-map-keys: Required value/u,
  ],
  [
    "an optional key without default",
    {
      spec: {
        type: "array",
        items: { type: "object", properties: { k: { type: "string" } } },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
      },
    },
    /properties\[k\]\.default: Required value/u,
  ],
  [
    "a rule that does not parse",
    { spec: { type: "object", "x-kubernetes-validations": [{ rule: "self.a >" }] } },
    /x-kubernetes-validations\[0\]\.rule: Invalid value: "self\.a >": compilation failed/u,
  ],
  [
    "a rule about an unknown field",
    {
      spec: {
        type: "object",
        properties: { a: { type: "string" } },
        "x-kubernetes-validations": [{ rule: "self.b == 'x'" }],
      },
    },
    /compilation failed: .*undefined field 'b'/u,
  ],
  ["a pattern that is none", { spec: { type: "string", pattern: "(" } }, /pattern: Invalid value/u],
];

const refused = (change: object): string =>
  refusal(() => customResources.prepareDefinition(cronTab(change), create)).message;

describe("a CustomResourceDefinition", () => {
  test("gets its defaults and is established", () => {
    const { object } = customResources.prepareDefinition(cronTab(), create);
    expect(object).toMatchObject({
      spec: { conversion: { strategy: "None" }, names: { singular: "crontab", listKind: "CronTabList" } },
      status: {
        acceptedNames: { kind: "CronTab" },
        storedVersions: ["v1"],
        conditions: [
          { type: "NamesAccepted", status: "True" },
          { type: "Established", status: "True" },
        ],
      },
    });
  });

  test("remembers under which versions objects were stored", () => {
    const { object: old } = customResources.prepareDefinition(cronTab(), create);
    const versions = [
      { ...cronTabSpec.versions[0], storage: false },
      { ...cronTabSpec.versions[0], name: "v2" },
    ];
    const { object } = customResources.prepareDefinition(
      { ...cronTab({ versions }), status: old["status"] },
      update(old),
    );
    expect(object).toHaveProperty("status.storedVersions", ["v1", "v2"]);
  });

  test("is named as its plural and group", () => {
    expect(refused({ group: "example.org" })).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "crontabs.stable.example.com" is invalid: metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group',
    );
  });

  test.each(refusals)("is refused with %s", (_name, properties, expected) => {
    expect(
      refused({
        versions: [
          { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties } } },
        ],
      }),
    ).toMatch(expected);
  });

  test("has exactly one storage version", () => {
    expect(refused({ versions: [{ ...cronTabSpec.versions[0], storage: false }] })).toContain(
      "must have exactly one version marked as storage version",
    );
  });
});

const object = (spec: object, more: object = {}): KubeObject => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: { name: "my" },
  spec,
  ...more,
});

describe("a custom resource", () => {
  const [definition] = customResources.definitionsOf(cronTab());
  if (definition === undefined) throw new Error("no definition");

  test("is pruned, defaulted and told of unknown fields", () => {
    const prepared = definition.prepare(object({ cronSpec: "* * * * */5", foo: 1 }), create);
    expect(prepared.object["spec"]).toEqual({ cronSpec: "* * * * */5", replicas: 1 });
    expect(prepared.unknownFields).toEqual(["spec.foo"]);
  });

  test("is refused with every cause", () => {
    const error = refusal(() => definition.prepare(object({ cronSpec: "*", replicas: 15 }), create));
    expect(error.message).toBe(
      `CronTab.stable.example.com "my" is invalid: [spec.cronSpec: Invalid value: "*": spec.cronSpec in body should match '${cronTabSpec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties.cronSpec.pattern}', spec.replicas: Invalid value: 15: spec.replicas in body should be less than or equal to 10]`,
    );
    expect(error.code).toBe(422);
    expect(error.details.causes?.map(({ field }) => field)).toEqual(["spec.cronSpec", "spec.replicas"]);
  });

  test("has its status written at the status subresource only", () => {
    const spec = { cronSpec: "* * * * */5", replicas: 1 };
    const { object: created } = definition.prepare(object(spec, { status: { replicas: 1 } }), create);
    expect(created["status"]).toBeUndefined();
    const { object: withStatus } = definition.prepare(
      object({ cronSpec: "wrong" }, { status: { replicas: 2, labelSelector: "a=b" } }),
      update(created, "status"),
    );
    expect(withStatus).toMatchObject({ spec, status: { replicas: 2 } });
    expect(withStatus["spec"]).toBe(created["spec"]);
    const { object: changed } = definition.prepare(
      object({ ...spec, replicas: 3 }, { status: {} }),
      update(withStatus),
    );
    expect(changed).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 2 } });
  });

  test("has its status checked", () => {
    const { object: created } = definition.prepare(object({ cronSpec: "* * * * */5" }), create);
    const error = refusal(() =>
      definition.prepare(object({}, { status: { replicas: "x" } }), update(created, "status")),
    );
    expect(error.message).toContain('status.replicas: Invalid value: "string"');
  });

  test("tells where its scale is and how it is printed", () => {
    expect(definition).toMatchObject({
      scale: { specReplicasPath: ".spec.replicas", labelSelectorPath: ".status.labelSelector" },
      shortNames: ["ct"],
      printerColumns: [{ name: "Spec" }, { name: "Replicas" }, { name: "Age" }],
      statusSubresource: true,
    });
  });

  test("stored before a default came gets it when it is read", () => {
    const stored = Object.freeze(object(Object.freeze({ cronSpec: "* * * * */5" })));
    const read = definition.fromStorage(stored);
    expect(read["spec"]).toEqual({ cronSpec: "* * * * */5", replicas: 1 });
    expect(definition.fromStorage(stored)).toBe(read);
    const { object: prepared } = definition.prepare(object({ cronSpec: "* * * * */5" }), create);
    expect(definition.fromStorage(prepared)).toBe(prepared);
  });

  test("reads as each of its versions", () => {
    const versions = [
      { ...cronTabSpec.versions[0] },
      { ...cronTabSpec.versions[0], name: "v1beta1", storage: false, deprecated: true },
    ];
    const [, old] = customResources.definitionsOf(cronTab({ versions }));
    expect(old?.fromStorage(object({})).apiVersion).toBe("stable.example.com/v1beta1");
    expect(old?.toStorage(object({})).apiVersion).toBe("stable.example.com/v1");
    expect(old?.deprecationWarning).toBe("stable.example.com/v1beta1 CronTab is deprecated");
  });
});
