import type { PolicyRule } from "kubernetes-types/rbac/v1.d.ts";
import type { Attributes } from "./attributes.ts";

const all = "*";

/** Whether a rule allows it. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources */
export const allows = (rule: PolicyRule, attributes: Attributes): boolean => {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined)
    return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, attributes.path));
  const { group, resource, subresource, name } = attributes;
  if (!has(rule.apiGroups, group) || !matchesResource(rule.resources, resource, subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && names.includes(name));
};

/** Whether rules grant at least what another rule grants. */
export const covers = (rules: readonly PolicyRule[], wanted: PolicyRule): boolean =>
  atoms(wanted).every((atom) => rules.some((rule) => grantsAtom(rule, atom)));

interface Atom {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string | undefined;
  readonly path?: string;
}

const atoms = ({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): Atom[] =>
  verbs.flatMap((verb) => [
    ...nonResourceURLs.map((path) => ({ verb, path })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        (resourceNames.length === 0 ? [undefined] : resourceNames).map((name) => ({ verb, group, resource, name })),
      ),
    ),
  ]);

const grantsAtom = (rule: PolicyRule, atom: Atom): boolean => {
  if (!has(rule.verbs, atom.verb)) return false;
  const { path } = atom;
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path));
  if (!has(rule.apiGroups, atom.group ?? "")) return false;
  const [resource = "", subresource] = (atom.resource ?? "").split("/", 2);
  if (!matchesResource(rule.resources, resource, subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (atom.name !== undefined && names.includes(atom.name));
};

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes(all));

const matchesResource = (
  list: readonly string[] | undefined,
  resource: string,
  subresource: string | undefined,
): boolean => {
  if (list === undefined) return false;
  if (list.includes(all)) return true;
  if (subresource === undefined) return list.includes(resource);
  return list.includes(`${resource}/${subresource}`) || list.includes(`*/${subresource}`);
};

const matchesPath = (pattern: string, path: string): boolean =>
  pattern === all || pattern === path || (pattern.endsWith(all) && path.startsWith(pattern.slice(0, -1)));

/** A rule as refusals show it. */
export const ruleText = ({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string => {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  });
  const lists = parts.filter(([, list]) => list !== undefined && list.length > 0);
  return `{${lists.map(([name, list]) => `${name}:[${(list ?? []).map((item) => JSON.stringify(item)).join(", ")}]`).join(", ")}}`;
};
