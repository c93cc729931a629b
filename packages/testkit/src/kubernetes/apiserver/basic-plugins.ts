import { ApiError } from "../api/api-error.ts";
import type { KubeObject } from "../api/objects.ts";
import { isObject } from "./json.ts";
import type { Plugins } from "./plugins.ts";

const refuse = (): never => {
  throw new ApiError("UnsupportedMediaType", "this server was started without the plugin for it");
};

const merge = (target: unknown, change: unknown): unknown => {
  if (!isObject(change)) return change;
  const merged = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(change)) {
    if (value === null) delete merged[field];
    else merged[field] = merge(merged[field], value);
  }
  return merged;
};

/** The least that a server runs with. */
export const basicPlugins: Plugins = {
  patches: {
    applyPatch: (_type, change, current) => merge(current, change) as KubeObject,
    serverSideApply: refuse,
    trackUpdate: () => [],
  },
  customResources: {
    prepareDefinition: (object) => ({ object, unknownFields: [], warnings: [] }),
    definitionsOf: () => [],
  },
  builtinSchemas: { dropUnknownFields: (object) => ({ object, unknownFields: [] }) },
  tables: {
    printerOf: () => ({
      columns: [
        { name: "Name", type: "string", format: "name", description: "", priority: 0 },
        { name: "Created At", type: "date", format: "", description: "", priority: 0 },
      ],
      cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp ?? null],
    }),
  },
  openApi: { v2: () => ({ swagger: "2.0", paths: {}, definitions: {} }), v3: () => ({ openapi: "3.0.0", paths: {} }) },
};
