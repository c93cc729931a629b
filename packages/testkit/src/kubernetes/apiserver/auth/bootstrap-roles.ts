import type { PolicyRule, Subject } from "kubernetes-types/rbac/v1.d.ts";

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const rbacGroup = "rbac.authorization.k8s.io";

const namespacedKinds: readonly [group: string, resources: readonly string[]][] = [
  [
    "",
    [
      "configmaps",
      "endpoints",
      "events",
      "persistentvolumeclaims",
      "pods",
      "pods/log",
      "pods/status",
      "resourcequotas",
      "resourcequotas/status",
      "serviceaccounts",
      "services",
      "services/status",
    ],
  ],
  [
    "apps",
    [
      "controllerrevisions",
      "deployments",
      "deployments/scale",
      "deployments/status",
      "replicasets",
      "replicasets/scale",
      "replicasets/status",
      "statefulsets",
      "statefulsets/scale",
      "statefulsets/status",
    ],
  ],
  ["batch", ["jobs", "jobs/status"]],
  ["discovery.k8s.io", ["endpointslices"]],
  ["events.k8s.io", ["events"]],
  ["networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"]],
  ["policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"]],
];

const viewRules: PolicyRule[] = [
  ...namespacedKinds.map(([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs: read })),
  { apiGroups: [""], resources: ["namespaces"], verbs: read },
];

const editRules: PolicyRule[] = [
  ...namespacedKinds.map(([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs: write })),
  { apiGroups: [""], resources: ["secrets"], verbs: [...read, ...write] },
  {
    apiGroups: [""],
    resources: ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"],
    verbs: [...read, ...write],
  },
  { apiGroups: [""], resources: ["pods/eviction", "serviceaccounts/token"], verbs: ["create"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: [...read, ...write] },
];

const adminRules: PolicyRule[] = [
  { apiGroups: [rbacGroup], resources: ["roles", "rolebindings"], verbs: [...read, ...write] },
  { apiGroups: ["authorization.k8s.io"], resources: ["localsubjectaccessreviews"], verbs: ["create"] },
];

const aggregateTo = (name: string): Record<string, string> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${name}`]: "true",
});

/** A role that a cluster is born with. */
export interface BootstrapRole {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Gathers the rules of roles with this label. */
  readonly aggregates?: string;
  readonly boundTo?: readonly string[];
}

/** The default roles that users and clients rely on. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
export const bootstrapRoles: readonly BootstrapRole[] = [
  {
    name: "cluster-admin",
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
    boundTo: ["system:masters"],
  },
  {
    name: "system:discovery",
    rules: [
      {
        nonResourceURLs: [
          "/api",
          "/api/*",
          "/apis",
          "/apis/*",
          "/healthz",
          "/livez",
          "/openapi",
          "/openapi/*",
          "/readyz",
          "/version",
          "/version/",
        ],
        verbs: ["get"],
      },
    ],
    boundTo: ["system:authenticated"],
  },
  {
    name: "system:basic-user",
    rules: [
      {
        apiGroups: ["authorization.k8s.io"],
        resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        verbs: ["create"],
      },
      { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
    ],
    boundTo: ["system:authenticated"],
  },
  {
    name: "system:public-info-viewer",
    rules: [{ nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"], verbs: ["get"] }],
    boundTo: ["system:authenticated", "system:unauthenticated"],
  },
  { name: "system:aggregate-to-view", rules: viewRules, labels: aggregateTo("view") },
  { name: "system:aggregate-to-edit", rules: editRules, labels: aggregateTo("edit") },
  { name: "system:aggregate-to-admin", rules: adminRules, labels: aggregateTo("admin") },
  { name: "view", rules: [], aggregates: "view", labels: aggregateTo("edit") },
  { name: "edit", rules: [...viewRules], aggregates: "edit", labels: aggregateTo("admin") },
  { name: "admin", rules: [...viewRules, ...editRules], aggregates: "admin" },
];

/** The subjects that a bootstrap role is bound to. */
export const subjectsOf = (role: BootstrapRole): Subject[] =>
  (role.boundTo ?? []).map((name) => ({ kind: "Group", name, apiGroup: rbacGroup }));
