import { reviewKinds } from "../auth/reviews.ts";
import { subresourcesOf } from "../http/subresources/subresources.ts";
import type { ResourceDefinition } from "../plugins.ts";

/** A resource as discovery shows it. */
export interface DiscoveredResource {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly {
    readonly name: string;
    readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
    readonly verbs: readonly string[];
  }[];
}

/** A group with its versions, the preferred one first. */
export interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly DiscoveredResource[] }[];
}

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** What is served, by group (the core group first) and version. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
export const apiGroups = (definitions: readonly ResourceDefinition[]): DiscoveredGroup[] => {
  const groups = new Map<string, Map<string, DiscoveredResource[]>>();
  const add = (group: string, version: string, resource: DiscoveredResource): void => {
    const versions = groups.get(group) ?? new Map<string, DiscoveredResource[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), resource]);
  };
  for (const definition of definitions) add(definition.group, definition.version, discovered(definition));
  for (const { group, plural, kind, namespaced } of reviewKinds) {
    add(group, "v1", {
      plural,
      singular: kind.toLowerCase(),
      kind,
      namespaced,
      verbs: ["create"],
      shortNames: [],
      categories: [],
      subresources: [],
    });
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions]
      .map(([version, resources]) => ({
        version,
        resources: resources.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)),
      }))
      .toSorted((a, b) => compareVersions(a.version, b.version)),
  }));
};

const discovered = (definition: ResourceDefinition): DiscoveredResource => ({
  plural: definition.plural,
  singular: definition.singular,
  kind: definition.kind,
  namespaced: definition.namespaced,
  verbs,
  shortNames: definition.shortNames,
  categories: definition.categories,
  subresources: subresourcesOf(definition).map(({ name, kind, verbs: own }) => ({ name, kind, verbs: own })),
});

/** Stable before beta before alpha, higher before lower. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [rank(a), rank(b)];
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : 1;
};

const rank = (version: string): [stability: number, major: number, minor: number] => {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0];
  const [, major, stability, minor = "0"] = match;
  return [stability === undefined ? 3 : stability === "beta" ? 2 : 1, Number(major), Number(minor)];
};
