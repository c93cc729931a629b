import type { ApiAccess } from "../api/access.ts";
import type { KubeObject } from "../api/objects.ts";
import { resources } from "../api/resources.ts";
import { addressText, parseSubnet } from "./admission/subnet.ts";
import { bootstrapRoles, subjectsOf } from "./auth/bootstrap-roles.ts";

const bootstrapLabel = { "kubernetes.io/bootstrapping": "rbac-defaults" };

/** What is there from the start: namespaces, default roles, priority classes, the Service `kubernetes`. */
export const bootstrap = async (
  access: ApiAccess,
  options: { readonly host: string; readonly port: number; readonly serviceSubnet: string },
): Promise<void> => {
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    await access.create(resources.namespaces, object("v1", "Namespace", { name }));
  }
  await createRoles(access);
  for (const [name, value] of [
    ["system-cluster-critical", 2_000_000_000],
    ["system-node-critical", 2_000_001_000],
  ] as const) {
    const description = "Used for system critical pods.";
    await access.create(
      resources.priorityClasses,
      object("scheduling.k8s.io/v1", "PriorityClass", { name }, { value, description }),
    );
  }
  await createApiService(access, options);
};

const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}): KubeObject =>
  ({ apiVersion, kind, metadata, ...rest }) as KubeObject;

const createRoles = async (access: ApiAccess): Promise<void> => {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  for (const role of bootstrapRoles) {
    const metadata = { name: role.name, labels: { ...bootstrapLabel, ...role.labels } };
    const matchLabels = { [`rbac.authorization.k8s.io/aggregate-to-${role.aggregates}`]: "true" };
    const aggregation =
      role.aggregates === undefined ? {} : { aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } };
    await access.create(
      resources.clusterRoles,
      object(apiVersion, "ClusterRole", metadata, { rules: role.rules, ...aggregation }),
    );
    if (role.boundTo === undefined) continue;
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.name };
    const binding = object(
      apiVersion,
      "ClusterRoleBinding",
      { name: role.name, labels: bootstrapLabel },
      { roleRef, subjects: subjectsOf(role) },
    );
    await access.create(resources.clusterRoleBindings, binding);
  }
};

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const createApiService = async (
  access: ApiAccess,
  { host, port, serviceSubnet }: { host: string; port: number; serviceSubnet: string },
): Promise<void> => {
  const metadata = {
    name: "kubernetes",
    namespace: "default",
    labels: { component: "apiserver", provider: "kubernetes" },
  };
  const clusterIP = addressText(parseSubnet(serviceSubnet), 1);
  const ports = [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }];
  await access.create(resources.services, object("v1", "Service", metadata, { spec: { clusterIP, ports } }));
  const subsets = [{ addresses: [{ ip: host }], ports: [{ name: "https", port, protocol: "TCP" }] }];
  await access.create(
    resources.endpoints,
    object("v1", "Endpoints", { name: "kubernetes", namespace: "default" }, { subsets }),
  );
  const slice = {
    addressType: "IPv4",
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
  const sliceMetadata = {
    name: "kubernetes",
    namespace: "default",
    labels: { "kubernetes.io/service-name": "kubernetes" },
  };
  await access.create(resources.endpointSlices, object("discovery.k8s.io/v1", "EndpointSlice", sliceMetadata, slice));
};
