import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ResourceDefinition } from "../plugins.ts";
import { queryParameters, resourcePaths } from "./resource-paths.ts";

/**
 * The OpenAPI 2 document in protobuf, as far as kubectl reads it: the patch operations with their kinds and query
 * parameters, from which it learns that the server validates fields. Field numbers of `openapi.v2.Document` in
 * https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto
 */
export function documentV2Protobuf(definitions: readonly ResourceDefinition[]): Uint8Array {
  const document = new BinaryWriter();
  text(document, 1, "2.0");
  message(document, 2, (info) => {
    text(info, 1, "Kubernetes");
    text(info, 2, "v1.34.0");
  });
  message(document, 8, (paths) => {
    for (const definition of definitions) writePaths(paths, definition);
  });
  return document.finish();
}

function writePaths(paths: BinaryWriter, definition: ResourceDefinition): void {
  const all = resourcePaths(definition, (verb) => ({ verb }));
  for (const path of Object.keys(all).filter((name) => all[name]?.["patch"] !== undefined)) {
    message(paths, 2, (named) => {
      text(named, 1, path);
      message(named, 2, (item) => message(item, 8, (operation) => writePatch(operation, definition)));
    });
  }
}

function writePatch(operation: BinaryWriter, { group, version, kind }: ResourceDefinition): void {
  for (const name of queryParameters.patch) message(operation, 8, (item) => writeQueryParameter(item, name));
  message(operation, 13, (extension) => {
    text(extension, 1, "x-kubernetes-group-version-kind");
    message(extension, 2, (any) =>
      text(any, 2, `group: ${JSON.stringify(group)}\nkind: ${kind}\nversion: ${version}\n`),
    );
  });
}

/** ParametersItem → Parameter → NonBodyParameter → QueryParameterSubSchema. */
function writeQueryParameter(item: BinaryWriter, name: string): void {
  message(item, 1, (parameter) =>
    message(parameter, 2, (nonBody) =>
      message(nonBody, 3, (query) => {
        text(query, 2, "query");
        text(query, 4, name);
      }),
    ),
  );
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}
