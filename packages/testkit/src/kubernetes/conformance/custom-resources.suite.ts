import { randomBytes } from "node:crypto";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../api/objects.ts";
import { type Connect, type Status, useCluster } from "./suite.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const establishedTimeoutMs = 20_000;
const merge = { contentType: "application/merge-patch+json" };

const rule = (text: string, message: string): object => ({ rule: text, message });
const specSchema = {
  type: "object",
  required: ["schedule"],
  "x-kubernetes-validations": [rule("self.replicas <= self.max", "replicas must not exceed max")],
  properties: {
    schedule: { type: "string", pattern: "^[a-z]+$" },
    replicas: { type: "integer", minimum: 0, default: 1 },
    max: { type: "integer", default: 5 },
    fixed: { type: "string", "x-kubernetes-validations": [rule("self == oldSelf", "fixed is immutable")] },
    policy: { type: "string", enum: ["Keep", "Drop"] },
    port: { "x-kubernetes-int-or-string": true },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  },
};

const definition = (group: string, change: object = {}): object => {
  const status = { type: "object", properties: { replicas: { type: "integer" }, selector: { type: "string" } } };
  const openAPIV3Schema = { type: "object", properties: { spec: specSchema, status } };
  const version = {
    served: true,
    schema: { openAPIV3Schema },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: ".spec.replicas",
        statusReplicasPath: ".status.replicas",
        labelSelectorPath: ".status.selector",
      },
    },
    additionalPrinterColumns: [{ name: "Replicas", type: "integer", jsonPath: ".spec.replicas" }],
  };
  return {
    metadata: { name: `gadgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "gadgets", kind: "Gadget", shortNames: ["gd"] },
      versions: [
        { name: "v1", storage: true, ...version },
        { name: "v1beta1", storage: false, ...version },
      ],
      ...change,
    },
  };
};

/** The definition's resource in a namespace of its own, and what requests to it need. */
const useGadgets = (connect: Connect) => {
  const cluster = useCluster(connect);
  // A group of its own: suites may run at the same time on one cluster.
  const group = `g${randomBytes(4).toString("hex")}.example.com`;
  const gadgets = (rest = "", version = "v1"): string => cluster.path(`gadgets${rest}`, `${group}/${version}`);
  beforeAll(async () => {
    await cluster.client.ok("POST", definitions, { body: definition(group) });
    await waitFor(async () => (await cluster.client.request("GET", gadgets())).status === 200, {
      timeoutMs: establishedTimeoutMs,
      what: "the resource of the definition",
    });
  });
  afterAll(async () => {
    await cluster.client.request("DELETE", `${definitions}/gadgets.${group}`);
  });
  return {
    cluster,
    group,
    gadgets,
    gadget: (name: string, spec: object, more: object = {}): KubeObject => ({
      apiVersion: `${group}/v1`,
      kind: "Gadget",
      metadata: { name },
      spec,
      ...more,
    }),
    refusal: async (method: string, path: string, body: unknown, options: object = {}): Promise<Status> => {
      const { status, body: answer } = await cluster.client.request<Status>(method, path, { ...options, body });
      expect(status).toBeGreaterThanOrEqual(400);
      return answer;
    },
  };
};

type Gadgets = ReturnType<typeof useGadgets>;

/** CustomResourceDefinitions. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */
export const describeCustomResources = (connect: Connect): void => {
  describe("custom resources", () => {
    const gadgets = useGadgets(connect);
    definitionCases(gadgets);
    objectCases(gadgets);
    viewCases(gadgets);
  });
};

const definitionCases = ({ cluster, group, refusal }: Gadgets): void => {
  test("a definition is established, with its names accepted", async () => {
    expect(await cluster.client.ok("GET", `${definitions}/gadgets.${group}`)).toMatchObject({
      spec: { names: { singular: "gadget", listKind: "GadgetList" }, conversion: { strategy: "None" } },
      status: {
        storedVersions: ["v1"],
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: "Established", status: "True" }),
        ]) as unknown,
      },
    });
  });

  test("a definition that is not structural is refused", async () => {
    const other = `other.${group}`;
    const openAPIV3Schema = { type: "object", properties: { spec: { properties: {} } } };
    const answer = await refusal(
      "POST",
      definitions,
      definition(other, { versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }] }),
    );
    expect(answer).toMatchObject({ code: 422, reason: "Invalid" });
    expect(answer.message).toContain(
      "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    );
  });

  test("a rule that does not compile refuses the definition", async () => {
    const bad = { ...specSchema, "x-kubernetes-validations": [rule("self.nowhere == 1", "x")] };
    const versions = [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", properties: { spec: bad } } },
      },
    ];
    const answer = await refusal("POST", definitions, definition(`bad.${group}`, { versions }));
    expect(answer.message).toContain("undefined field 'nowhere'");
  });
};

const objectCases = ({ cluster, gadgets, gadget, refusal }: Gadgets): void => {
  test("objects are defaulted and pruned, and free parts stay", async () => {
    const created = await cluster.client.ok("POST", gadgets(), {
      body: gadget("pruned", { schedule: "a", extra: 1, free: { any: [1] }, port: "50%" }),
    });
    expect(created["spec"]).toEqual({ schedule: "a", replicas: 1, max: 5, free: { any: [1] }, port: "50%" });
    const strict = await refusal(
      "POST",
      `${gadgets()}?fieldValidation=Strict`,
      gadget("strict", { schedule: "a", extra: 1 }),
    );
    expect(strict.message).toContain('strict decoding error: unknown field "spec.extra"');
  });

  test("objects are validated, with every cause", async () => {
    const answer = await refusal(
      "POST",
      gadgets(),
      gadget("invalid", { schedule: "1", replicas: -1, policy: "Other" }),
    );
    expect(answer).toMatchObject({ code: 422, reason: "Invalid", details: { kind: "Gadget", name: "invalid" } });
    expect(answer.message).toContain('spec.policy: Unsupported value: "Other": supported values: "Keep", "Drop"');
    expect(answer.message).toContain(
      "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
    );
    expect(answer.message).toContain(
      "spec.schedule: Invalid value: \"1\": spec.schedule in body should match '^[a-z]+$'",
    );
    const missing = await refusal("POST", gadgets(), gadget("missing", {}));
    expect(missing.details?.causes).toContainEqual({
      reason: "FieldValueRequired",
      message: "Required value",
      field: "spec.schedule",
    });
  });

  test("rules hold, also between old and new", async () => {
    const over = await refusal("POST", gadgets(), gadget("over", { schedule: "a", replicas: 6 }));
    expect(over.message).toContain("replicas must not exceed max");
    await cluster.client.ok("POST", gadgets(), { body: gadget("fixed", { schedule: "a", fixed: "x" }) });
    const changed = await refusal("PATCH", gadgets("/fixed"), { spec: { fixed: "y" } }, merge);
    expect(changed.message).toContain("fixed is immutable");
  });

  test("a strategic merge patch is not for them", async () => {
    await cluster.client.ok("POST", gadgets(), { body: gadget("strategic", { schedule: "a" }) });
    const answer = await refusal(
      "PATCH",
      gadgets("/strategic"),
      { spec: {} },
      { contentType: "application/strategic-merge-patch+json" },
    );
    expect(answer.code).toBe(415);
  });
};

const viewCases = ({ cluster, group, gadgets, gadget }: Gadgets): void => {
  test("the status is written at its subresource only, which writes nothing else", async () => {
    const created = await cluster.client.ok("POST", gadgets(), {
      body: gadget("status", { schedule: "a" }, { status: { replicas: 1 } }),
    });
    expect(created["status"]).toBeUndefined();
    const body = { spec: { replicas: 3 }, status: { replicas: 2 } };
    const written = await cluster.client.ok("PATCH", gadgets("/status/status"), { ...merge, body });
    expect(written).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 2 }, metadata: { generation: 1 } });
    const changed = await cluster.client.ok("PATCH", gadgets("/status"), {
      ...merge,
      body: { spec: { replicas: 3 }, status: { replicas: 9 } },
    });
    expect(changed).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 2 }, metadata: { generation: 2 } });
  });

  test("the scale reads and writes the paths that the definition names", async () => {
    await cluster.client.ok("POST", gadgets(), { body: gadget("scaled", { schedule: "a" }) });
    await cluster.client.ok("PATCH", gadgets("/scaled/status"), {
      ...merge,
      body: { status: { replicas: 1, selector: "a=b" } },
    });
    const scale = await cluster.client.ok("PATCH", gadgets("/scaled/scale"), {
      ...merge,
      body: { spec: { replicas: 4 } },
    });
    expect(scale).toMatchObject({ kind: "Scale", spec: { replicas: 4 }, status: { replicas: 1, selector: "a=b" } });
    expect(await cluster.client.ok("GET", gadgets("/scaled"))).toMatchObject({ spec: { replicas: 4 } });
  });

  test("every served version shows the same objects", async () => {
    await cluster.client.ok("POST", gadgets(), { body: gadget("versions", { schedule: "a" }) });
    expect(await cluster.client.ok("GET", gadgets("/versions", "v1beta1"))).toMatchObject({
      apiVersion: `${group}/v1beta1`,
      spec: { schedule: "a" },
    });
  });

  test("they print the columns that the definition asks for", async () => {
    await cluster.client.ok("POST", gadgets(), { body: gadget("table", { schedule: "a", replicas: 2 }) });
    const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    expect(await cluster.client.ok("GET", gadgets("/table"), { headers })).toMatchObject({
      kind: "Table",
      columnDefinitions: [{ name: "Name" }, { name: "Replicas", type: "integer" }],
      rows: [{ cells: ["table", 2] }],
    });
  });

  test("their schema is in the OpenAPI document of their group", async () => {
    await waitFor(async () => (await cluster.client.request("GET", `/openapi/v3/apis/${group}/v1`)).status === 200, {
      timeoutMs: establishedTimeoutMs,
      what: "the OpenAPI document",
    });
    const document = await cluster.client.ok<{ paths: object }>("GET", `/openapi/v3/apis/${group}/v1`);
    const path = `/apis/${group}/v1/namespaces/{namespace}/gadgets/{name}`;
    expect(document.paths).toHaveProperty(
      [path, "patch", "parameters"],
      expect.arrayContaining([expect.objectContaining({ name: "fieldValidation" })]),
    );
  });
};
