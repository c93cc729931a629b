import type { ClusterRole, PolicyRule, RoleBinding, Subject } from "kubernetes-types/rbac/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import { mastersGroup, type UserInfo } from "../engine/user.ts";
import { type LabelSelectorObject, selects } from "../selectors/object-selector.ts";
import type { Store } from "../storage/store.ts";
import type { Attributes } from "./attributes.ts";
import { allows } from "./policy-rule.ts";

const group = "rbac.authorization.k8s.io";
const kinds = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"] as const;
/** Users times namespaces whose rules are remembered. */
const rememberedMax = 5_000;

/** Who may do what: RBAC over the stored roles and bindings. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export class Authorizer {
  readonly #store: Store;
  /** Rules by user and namespace, until a role or binding changes. */
  readonly #rules = new Map<string, readonly PolicyRule[]>();

  constructor(store: Store) {
    this.#store = store;
    for (const kind of kinds) store.collection(`${group}/${kind}`).listen(() => this.#rules.clear());
  }

  allows(attributes: Attributes): boolean {
    const { user } = attributes;
    if (user.groups.includes(mastersGroup)) return true;
    const namespace = attributes.path === undefined ? attributes.namespace : undefined;
    return this.rulesOf(user, namespace).some((rule) => allows(rule, attributes));
  }

  /** All that a user is granted in a namespace; undefined: at the cluster scope. */
  rulesOf(user: UserInfo, namespace: string | undefined): readonly PolicyRule[] {
    if (user.groups.includes(mastersGroup))
      return [
        { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
        { nonResourceURLs: ["*"], verbs: ["*"] },
      ];
    const key = JSON.stringify([user.username, user.groups, namespace ?? ""]);
    let rules = this.#rules.get(key);
    if (rules === undefined) {
      if (this.#rules.size >= rememberedMax) this.#rules.clear();
      rules = this.#resolve(user, namespace);
      this.#rules.set(key, rules);
    }
    return rules;
  }

  /** The rules of a role that a binding refers to. */
  rulesOfRole(roleRef: { kind: string; name: string }, namespace: string | undefined): readonly PolicyRule[] {
    if (roleRef.kind === "Role") {
      const role = this.#store.collection(`${group}/roles`).get(namespace, roleRef.name);
      return (role?.["rules"] as readonly PolicyRule[] | undefined) ?? [];
    }
    const role = this.#store.collection(`${group}/clusterroles`).get(undefined, roleRef.name) as
      | ClusterRole
      | undefined;
    const own = role?.rules ?? [];
    const selectors = role?.aggregationRule?.clusterRoleSelectors;
    return selectors === undefined ? own : [...own, ...this.#aggregated(selectors as readonly LabelSelectorObject[])];
  }

  /** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles */
  #aggregated(selectors: readonly LabelSelectorObject[]): PolicyRule[] {
    const roles = this.#store.collection(`${group}/clusterroles`).all();
    const chosen = roles.filter(({ metadata }) => selectors.some((selector) => selects(selector, metadata.labels)));
    return chosen.flatMap((role) => (role["rules"] as PolicyRule[] | undefined) ?? []);
  }

  #resolve(user: UserInfo, namespace: string | undefined): readonly PolicyRule[] {
    const bindings = [...this.#store.collection(`${group}/clusterrolebindings`).all()];
    if (namespace !== undefined && namespace !== "") {
      const local = this.#store.collection(`${group}/rolebindings`).all();
      bindings.push(...local.filter(({ metadata }) => metadata.namespace === namespace));
    }
    return bindings
      .map((binding) => binding as KubeObject & RoleBinding)
      .filter((binding) =>
        (binding.subjects ?? []).some((subject) => isSubject(user, subject, binding.metadata.namespace)),
      )
      .flatMap(({ roleRef, metadata }) => this.rulesOfRole(roleRef, metadata.namespace));
  }
}

const isSubject = (
  user: UserInfo,
  { kind, name, namespace }: Subject,
  bindingNamespace: string | undefined,
): boolean => {
  if (kind === "User") return user.username === name;
  if (kind === "Group") return user.groups.includes(name);
  return user.username === `system:serviceaccount:${namespace ?? bindingNamespace ?? ""}:${name}`;
};
