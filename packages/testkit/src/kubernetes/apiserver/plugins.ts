import type { KubeObject, ResourceId } from "../api/objects.ts";

/** What a request does to an object, as admission and validation see it. */
export type Operation = "CREATE" | "UPDATE";

/** What happens with fields that the schema does not know. https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Under which circumstances an object is prepared. */
export interface PrepareContext {
  readonly operation: Operation;
  /** What is stored now (in this definition's version); undefined on CREATE. */
  readonly old: KubeObject | undefined;
  /** Which part is written; undefined: all but what a status subresource owns. */
  readonly subresource: "status" | "scale" | undefined;
}

/** An object that may be stored. */
export interface Prepared {
  readonly object: KubeObject;
  /** Paths such as `spec.foo` that the schema does not know and that are gone from `object`; the server refuses, warns or ignores. */
  readonly unknownFields: readonly string[];
  /** Texts for `Warning:` headers. */
  readonly warnings: readonly string[];
}

/** Where a scale subresource reads and writes, as simple JSON paths (`.spec.replicas`). */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  /** A field with the selector as text, or (built-in kinds) as a LabelSelector object. */
  readonly labelSelectorPath?: string;
}

/** One column of `kubectl get`. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export interface TableColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format: string;
  readonly description: string;
  /** 0: always shown; greater: `-o wide` only. */
  readonly priority: number;
}

/** A column that a CustomResourceDefinition asks for. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#additional-printer-columns */
export interface CustomPrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly jsonPath: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
}

/** How objects of a kind are printed. The server assembles the Table from it. */
export interface TablePrinter {
  readonly columns: readonly TableColumn[];
  /** One value a column; `now` for ages. */
  cells(object: KubeObject, now: Date): readonly (string | number | boolean | null)[];
}

/**
 * One resource in one version: all that the server needs to serve it. Built-in kinds come from `builtins/`, custom
 * ones from their CustomResourceDefinition (`CustomResources.definitionsOf`).
 */
export interface ResourceDefinition extends ResourceId {
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Definitions with the same storage (such as `ray.io/rayclusters`) are versions of the same stored objects. */
  readonly storage: string;
  /** The one of `storage`'s versions that stored objects have. */
  readonly storageVersion: string;
  readonly statusSubresource: boolean;
  readonly scale: ScalePaths | undefined;
  /** True for kinds of a CustomResourceDefinition: no strategic merge patch, pruning by schema, status dropped on create. */
  readonly custom: boolean;
  /** Whether `metadata.generation` counts the changes of what is not metadata and status. */
  readonly countsGenerations: boolean;
  /** The OpenAPI v3 schema; undefined: the built-in one of the kind. */
  readonly schema: unknown;
  /** A CustomResourceDefinition's `additionalPrinterColumns`; undefined for built-in kinds. */
  readonly printerColumns?: readonly CustomPrinterColumn[];
  /** Fields beyond metadata.name and metadata.namespace that a field selector may name. */
  readonly selectableFields: readonly string[];
  /** Deprecated versions: told in a `Warning:` header of every answer. */
  readonly deprecationWarning: string | undefined;
  /** From this version to the stored one; identity where there is one version only. */
  toStorage(object: KubeObject): KubeObject;
  /** From the stored version to this one. */
  fromStorage(object: KubeObject): KubeObject;
  /**
   * Prunes, defaults and validates a mutable object, which it may change and return. Metadata is the server's own
   * affair. Throws `ApiError` (`Invalid`, with all causes).
   */
  prepare(object: KubeObject, context: PrepareContext): Prepared;
}

/** The content types of a PATCH but server-side apply. */
export type PatchType =
  | "application/json-patch+json"
  | "application/merge-patch+json"
  | "application/strategic-merge-patch+json";

/** What server-side apply works on. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
export interface ApplyRequest {
  /** Undefined: the object does not exist and is created. */
  readonly current: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly manager: string;
  readonly force: boolean;
  readonly definition: ResourceDefinition;
  readonly subresource: "status" | "scale" | undefined;
  /** RFC 3339, seconds. */
  readonly time: string;
}

/** What the owner of fields is found from after any write but an apply. */
export interface TrackRequest {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
  readonly manager: string;
  readonly definition: ResourceDefinition;
  readonly subresource: "status" | "scale" | undefined;
  readonly time: string;
}

/** Writes by part of an object. Pure: arguments are not changed. */
export interface Patches {
  /** The patched object. Throws `ApiError` (BadRequest for a malformed patch, Invalid for one that does not fit). */
  applyPatch(type: PatchType, patch: unknown, current: KubeObject, definition: ResourceDefinition): KubeObject;
  /** The object after the apply, with its new `metadata.managedFields`. Throws `ApiError` (Conflict with causes). */
  serverSideApply(request: ApplyRequest): KubeObject;
  /** `metadata.managedFields` after the write; the caller stores them. */
  trackUpdate(request: TrackRequest): unknown[];
}

/** The kinds that CustomResourceDefinitions declare. */
export interface CustomResources {
  /** Defaults and validates a CustomResourceDefinition itself; as `ResourceDefinition.prepare`. */
  prepareDefinition(object: KubeObject, context: PrepareContext): Prepared;
  /** The definitions of a valid CustomResourceDefinition, one a served version. Compiles its schemas and rules: call once a change of its spec. */
  definitionsOf(customResourceDefinition: KubeObject): readonly ResourceDefinition[];
}

/** Built-in kinds' schemas. */
export interface BuiltinSchemas {
  /** Drops what the kind's schema does not know; tells the paths. May change and return `object`. */
  dropUnknownFields(
    object: KubeObject,
    definition: ResourceDefinition,
  ): { object: KubeObject; unknownFields: string[] };
}

/** How `kubectl get` prints. */
export interface Tables {
  printerOf(definition: ResourceDefinition): TablePrinter;
}

/** The documents that clients find schemas in. Values are JSON; the server caches their bytes until definitions change. */
export interface OpenApiDocuments {
  v2(definitions: readonly ResourceDefinition[]): object;
  /** The document of a group and version, such as `apis/apps/v1` or `api/v1`. */
  v3(groupVersionPath: string, definitions: readonly ResourceDefinition[]): object;
  /** The protobuf form of `v2`, for clients that ask for nothing else; undefined: the server answers 406. */
  v2Protobuf?(definitions: readonly ResourceDefinition[]): Uint8Array;
}

/** All that plugs into the server's core. */
export interface Plugins {
  readonly patches: Patches;
  readonly customResources: CustomResources;
  readonly builtinSchemas: BuiltinSchemas;
  readonly tables: Tables;
  readonly openApi: OpenApiDocuments;
}

/** The definitions that are served now. */
export interface DefinitionRegistry {
  all(): readonly ResourceDefinition[];
  get(resource: ResourceId): ResourceDefinition | undefined;
  /** Replaces the definitions of a custom resource (`ray.io/rayclusters`); none: it is no longer served. */
  setCustom(storage: string, definitions: readonly ResourceDefinition[]): void;
  /** Called after each change. */
  onChange(listener: () => void): void;
}
