import type { JsonObject } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import type { FieldTypes } from "./builtin/field-types.ts";
import { queryParameters, resourcePaths, type Verb } from "./resource-paths.ts";
import { addResourceSchema } from "./resource-schema.ts";

const prefix = "#/definitions/";

/** The OpenAPI 2 document of all groups. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v2 */
export function documentV2(types: FieldTypes, all: readonly ResourceDefinition[]): object {
  const definitions: Record<string, JsonObject> = {};
  const paths: Record<string, JsonObject> = {};
  for (const definition of all) {
    const name = addResourceSchema(types, definition, prefix, definitions);
    Object.assign(
      paths,
      resourcePaths(definition, (verb) => operation(definition, verb, name)),
    );
  }
  return { swagger: "2.0", info: { title: "Kubernetes", version: "v1.34.0" }, paths, definitions };
}

function operation({ group, version, kind, plural }: ResourceDefinition, verb: Verb, name: string): JsonObject {
  return {
    operationId: `${verb}_${group.replaceAll(".", "_")}_${version}_${plural}`,
    consumes: ["application/json", "application/yaml"],
    produces: ["application/json"],
    parameters: queryParameters[verb].map((parameter) => ({
      name: parameter,
      in: "query",
      type: "string",
      uniqueItems: true,
    })),
    responses: { "200": { description: "OK", schema: { $ref: `${prefix}${verb === "list" ? `${name}List` : name}` } } },
    "x-kubernetes-action": verb,
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
}
