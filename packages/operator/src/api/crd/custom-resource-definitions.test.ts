import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";
import { renderCrds } from "./render.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** The annotation that client-side apply writes holds the object as JSON; all annotations together may have 256 KiB. */
const appliedBytesMax = 262_144;
const fileBytesMax = 200_000;

/** Short names and singulars of what a cluster has without us. */
const taken = ["rc", "rs", "ro", "sa", "svc", "po", "pv", "ds", "cm", "ep", "ns", "no", "pc", "sc", "cr", "crd", "ing"];

/** Every schema below this one, with its path. */
function* schemas(schema: StructuralSchema, path: string): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* schemas(field, `${path}.${name}`);
  if (schema.items !== undefined) yield* schemas(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* schemas(schema.additionalProperties, `${path}{}`);
}

/** What an API server would not take of this schema. */
const structuralProblems = ([path, schema]: [string, StructuralSchema]): string[] => {
  const problems: string[] = [];
  if (schema.type === undefined && schema["x-kubernetes-int-or-string"] !== true) problems.push(`${path}: no type`);
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) problems.push(`${path}: both`);
  for (const keyword of ["$ref", "$schema", "const", "propertyNames", "exclusiveMinimum", "oneOf"]) {
    if (keyword in schema) problems.push(`${path}: ${keyword}`);
  }
  return problems;
};

describe.each(customResourceDefinitions().map((crd) => ({ name: crd.metadata.name, crd })))("$name", ({ crd }) => {
  const versions = crd.spec.versions;

  it("is small enough for client-side apply", () => {
    expect(JSON.stringify(crd).length).toBeLessThan(appliedBytesMax);
    const file = renderCrds().find(({ name }) => name === `ray.io_${String(crd.spec.names["plural"])}.yaml`);
    expect(file?.text.length).toBeLessThan(fileBytesMax);
  });

  it("serves v1, which is stored, and v1alpha1", () => {
    expect(versions.map(({ name, served, storage }) => [name, served, storage])).toEqual([
      ["v1", true, true],
      ["v1alpha1", true, false],
    ]);
  });

  it("has names that nothing else has", () => {
    expect(crd.spec.names["categories"]).toEqual(["all"]);
    for (const name of crd.spec.names["shortNames"] ?? []) expect(taken).not.toContain(name);
  });

  it("has a structural schema", () => {
    expect([...schemas(versions[0]?.schema.openAPIV3Schema ?? {}, "")].flatMap(structuralProblems)).toEqual([]);
  });

  it("bounds every list that a rule may walk", () => {
    const unbounded = [...schemas(versions[0]?.schema.openAPIV3Schema ?? {}, "")].filter(
      ([, schema]) => schema.type === "array" && schema.items?.type !== "string" && schema["maxItems"] === undefined,
    );
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });
});

describe("RayCluster's CRD", () => {
  const [cluster, service] = customResourceDefinitions();
  const spec = cluster?.spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
  const group = spec?.properties?.["workerGroupSpecs"]?.items;

  it("has the reference's defaults", () => {
    const defaults = Object.entries(group?.properties ?? {}).flatMap(([name, field]) =>
      field.default === undefined ? [] : [[name, field.default]],
    );
    expect(Object.fromEntries(defaults)).toEqual({
      replicas: 0,
      minReplicas: 0,
      maxReplicas: 2_147_483_647,
      numOfHosts: 1,
      priority: 0,
    });
    expect(group?.required).toEqual(["groupName", "template"]);
    expect(spec?.required).toEqual(["headGroupSpec"]);
  });

  it("keeps the order of worker groups, which others patch by position", () => {
    expect(spec?.properties?.["workerGroupSpecs"]?.["x-kubernetes-list-type"]).toBeUndefined();
  });

  it("keeps fields of pods that it does not name", () => {
    const pod = spec?.properties?.["headGroupSpec"]?.properties?.["template"]?.properties?.["spec"];
    expect(pod?.["x-kubernetes-preserve-unknown-fields"]).toBe(true);
    expect(pod?.properties?.["containers"]?.["minItems"]).toBe(1);
  });

  it("has the reference's columns", () => {
    const columns = cluster?.spec.versions.map((version) =>
      version.additionalPrinterColumns?.map(({ name, priority }) => (priority === 1 ? `${name}*` : name)),
    );
    const expected = ["desired workers", "available workers", "cpus", "memory", "gpus", "tpus*", "status", "age"];
    expect(columns?.[0]).toEqual([...expected, "head pod IP*", "head service IP*"]);
    expect(columns?.[1]).toEqual(columns?.[0]);
    expect(service?.spec.versions[1]?.additionalPrinterColumns).toBeUndefined();
  });

  it("scales its first group", () => {
    expect(cluster?.spec.versions[0]?.subresources.scale).toEqual({
      specReplicasPath: ".spec.workerReplicas",
      statusReplicasPath: ".status.scale.replicas",
      labelSelectorPath: ".status.scale.selector",
    });
    expect(service?.spec.versions[0]?.subresources.scale).toBeUndefined();
  });

  it("warns of RayService's old version", () => {
    expect(service?.spec.versions[1]).toMatchObject({ deprecated: true });
    expect(cluster?.spec.versions[1]).not.toHaveProperty("deprecated");
  });
});

it.each(renderCrds())("$name is checked in as it is made", ({ name, text }) => {
  for (const folder of ["packages/operator/crds", "charts/manta-operator/crds"]) {
    expect(readFileSync(new URL(`../../../../../${folder}/${name}`, import.meta.url), "utf8")).toBe(text);
  }
});
