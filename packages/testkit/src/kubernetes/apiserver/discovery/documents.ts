import type { DiscoveredGroup, DiscoveredResource } from "./api-groups.ts";

const groupVersion = (group: string, version: string): string => (group === "" ? version : `${group}/${version}`);

/** `/api`. */
export const coreVersions = (serverAddress: string): object => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
});

/** `/apis`. */
export const groupList = (groups: readonly DiscoveredGroup[]): object => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: groups.filter(({ name }) => name !== "").map(groupOf),
});

/** `/apis/{group}`. */
export const groupDocument = (group: DiscoveredGroup): object => ({
  kind: "APIGroup",
  apiVersion: "v1",
  ...groupOf(group),
});

const groupOf = ({ name, versions }: DiscoveredGroup): object => {
  const all = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions: all, preferredVersion: all[0] };
};

/** `/api/v1`, `/apis/{group}/{version}`. */
export const resourceList = (group: string, version: string, resources: readonly DiscoveredResource[]): object => ({
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: groupVersion(group, version),
  resources: resources.flatMap((resource) => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    },
    ...resource.subresources.map(({ name, kind, verbs }) => ({
      name: `${resource.plural}/${name}`,
      singularName: "",
      namespaced: resource.namespaced,
      ...(kind.group === group && kind.version === version ? {} : { group: kind.group, version: kind.version }),
      kind: kind.kind,
      verbs,
    })),
  ]),
});

/** The content type of aggregated discovery, and how a client asks for it. */
export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Everything in one answer: of `/api` the core group, of `/apis` the others. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
export const aggregated = (groups: readonly DiscoveredGroup[]): object => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: { ...(name === "" ? {} : { name }), creationTimestamp: null },
    versions: versions.map(({ version, resources }) => ({
      version,
      freshness: "Current",
      resources: resources.map((resource) => aggregatedResource(name, version, resource)),
    })),
  })),
});

const aggregatedResource = (group: string, version: string, resource: DiscoveredResource): object => ({
  resource: resource.plural,
  responseKind: { group, version, kind: resource.kind },
  scope: resource.namespaced ? "Namespaced" : "Cluster",
  singularResource: resource.singular,
  verbs: resource.verbs,
  ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
  ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
  ...(resource.subresources.length === 0
    ? {}
    : {
        subresources: resource.subresources.map(({ name, kind, verbs }) => ({
          subresource: name,
          responseKind: kind,
          verbs,
        })),
      }),
});
