import { createRequire } from "node:module";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { configMaps, deployments, widgets } from "../ssa/fixtures/definitions.ts";
import { createBuiltinSchemas } from "./builtin/builtin-schemas.ts";
import { builtinTypes } from "./builtin/builtin-types.ts";
import { Decoder } from "./builtin/decode.ts";
import { readTypeDeclarations } from "./builtin/read-type-declarations.ts";
import builtinTypesRead from "./builtin/types.json" with { type: "json" };
import { createOpenApiDocuments } from "./open-api-documents.ts";

const documents = createOpenApiDocuments(builtinTypes);

test("types.json is what the declarations say", () => {
  const directory = dirname(createRequire(import.meta.url).resolve("kubernetes-types/package.json"));
  expect(builtinTypesRead).toEqual(readTypeDeclarations(directory));
});

// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
describe("the OpenAPI 3 document", () => {
  const document = documents.v3("apis/example.com/v1", [widgets, deployments]);

  test("has the paths of its group and version only, with their kinds", () => {
    expect(document).toHaveProperty(
      [
        "paths",
        "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}",
        "patch",
        "x-kubernetes-group-version-kind",
      ],
      { group: "example.com", version: "v1", kind: "Widget" },
    );
    expect(
      Object.keys((document as { paths: object }).paths).every((path) => path.startsWith("/apis/example.com/v1/")),
    ).toBe(true);
  });

  test("tells that a patch takes fieldValidation: clients leave validation to the server then", () => {
    expect(document).toHaveProperty(
      ["paths", "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}", "patch", "parameters"],
      expect.arrayContaining([expect.objectContaining({ name: "fieldValidation", in: "query" })]),
    );
  });

  test("has a custom resource's schema with its kind", () => {
    expect(document).toHaveProperty(
      ["components", "schemas", "com.example.v1.Widget"],
      expect.objectContaining({
        "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Widget" }],
      }),
    );
    expect(document).toHaveProperty(
      ["components", "schemas", "com.example.v1.Widget", "properties", "spec", "properties", "size"],
      { type: "integer" },
    );
  });

  test("refers to schemas that it has", () => {
    for (const value of [
      documents.v3("apis/apps/v1", [deployments]),
      document,
      documents.v2([deployments, configMaps, widgets]),
    ]) {
      const text = JSON.stringify(value);
      const known = Object.keys(
        (value as { components?: { schemas: object }; definitions?: object }).components?.schemas ??
          (value as { definitions?: object }).definitions ??
          {},
      );
      const referred = [...text.matchAll(/"\$ref":"#\/(?:components\/schemas|definitions)\/([^"]+)"/gu)].map(
        ([, name]) => name,
      );
      expect(referred.length).toBeGreaterThan(0);
      expect(known).toEqual(expect.arrayContaining([...new Set(referred)]));
    }
  });
});

test("the protobuf document names patch operations, their kinds and their parameters", () => {
  const text = Buffer.from(documents.v2Protobuf?.([widgets]) ?? []).toString("latin1");
  expect(text).toContain("fieldValidation");
  expect(text).toContain('group: "example.com"\nkind: Widget\nversion: v1');
});

const deployment = (podSpec: object, more: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: { template: { spec: podSpec } },
  ...more,
});

// https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
describe("built-in kinds", () => {
  const schemas = createBuiltinSchemas(builtinTypes, new Decoder(builtinTypes));

  test("lose and tell what they do not know", () => {
    const { object, unknownFields } = schemas.dropUnknownFields(
      deployment({ containers: [{ name: "c", foo: 1, env: [{ name: "A", valuee: "x" }] }] }, { extra: {} }),
      deployments,
    );
    expect(unknownFields).toEqual([
      "spec.template.spec.containers[0].foo",
      "spec.template.spec.containers[0].env[0].valuee",
      "extra",
    ]);
    expect(object).toHaveProperty("spec.template.spec.containers", [{ name: "c", env: [{ name: "A" }] }]);
  });

  test("write amounts in one way, and drop nulls", () => {
    const { object } = schemas.dropUnknownFields(
      deployment({
        nodeName: null,
        containers: [{ name: "c", resources: { limits: { cpu: 1, memory: "1024Mi" }, requests: { cpu: "0.5" } } }],
      }),
      deployments,
    );
    expect(object).toHaveProperty("spec.template.spec", {
      containers: [{ name: "c", resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } } }],
    });
  });

  test.each<[string, object, string]>([
    [
      "a number for a text",
      { containers: [{ name: "c", env: [{ name: "A", value: 1 }] }] },
      "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
    ],
    [
      "a text for a number",
      { terminationGracePeriodSeconds: "30" },
      "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.terminationGracePeriodSeconds of type int32",
    ],
    [
      "an object for a list",
      { containers: {} },
      "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
    ],
    [
      "an amount that is none",
      { containers: [{ name: "c", resources: { limits: { cpu: "much" } } }] },
      "quantities must match the regular expression",
    ],
  ])("refuse %s", (_name, podSpec, expected) => {
    const run = () => schemas.dropUnknownFields(deployment(podSpec), deployments);
    expect(run).toThrow(ApiError);
    expect(run).toThrow(`Deployment in version "v1" cannot be handled as a Deployment: ${expected}`);
  });
});
