import type { JsonObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { FieldTypes } from "./builtin/field-types.ts";
import { queryParameters, resourcePaths, type Verb } from "./resource-paths.ts";
import { addResourceSchema } from "./resource-schema.ts";

const prefix = "#/components/schemas/";
/** Without the strategic merge patch: clients that find it here take merge keys from the schemas, else from their own types. */
const patchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

/** The OpenAPI 3 document of one group and version. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3 */
export function documentV3(types: FieldTypes, definitions: readonly ResourceDefinition[]): object {
  const schemas: Record<string, JsonObject> = {};
  const paths: Record<string, JsonObject> = {};
  for (const definition of definitions) {
    const name = addResourceSchema(types, definition, prefix, schemas);
    Object.assign(
      paths,
      resourcePaths(definition, (verb) => operation(definition, verb, name)),
    );
  }
  return { openapi: "3.0.0", info: { title: "Kubernetes", version: "v1.34.0" }, paths, components: { schemas } };
}

function operation({ group, version, kind, plural }: ResourceDefinition, verb: Verb, name: string): JsonObject {
  const schema = { $ref: `${prefix}${verb === "list" ? `${name}List` : name}` };
  return {
    tags: [`${group === "" ? "core" : group}_${version}`],
    operationId: `${verb}_${group.replaceAll(".", "_")}_${version}_${plural}`,
    parameters: queryParameters[verb].map((parameter) => ({
      name: parameter,
      in: "query",
      schema: { type: "string", uniqueItems: true },
    })),
    ...(verb === "post" || verb === "put" ? { requestBody: body(["*/*"], schema) } : {}),
    ...(verb === "patch" ? { requestBody: body(patchTypes, { type: "object" }) } : {}),
    responses: { "200": { description: "OK", ...body(["application/json"], schema) } },
    "x-kubernetes-action": verb,
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
}

function body(contentTypes: readonly string[], schema: object): object {
  return { content: Object.fromEntries(contentTypes.map((type) => [type, { schema }])) };
}
