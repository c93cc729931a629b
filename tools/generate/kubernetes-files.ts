import { stringify } from "yaml";
import { renderCrds } from "../../packages/operator/src/api/crd/render.ts";
import {
  leaderElectionRules,
  operatorRules,
  type PolicyRule,
  proxyRules,
  tokenRules,
} from "../../packages/operator/src/api/rbac.ts";

/** A file made whole from the code; its path is from the repository's root. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

const chart = "charts/manta-operator";
const base = "deploy/base";
const head = "# Made by npm run generate from packages/operator/src/api/rbac.ts: change it there.\n";

const yaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });

/** A Role or ClusterRole of the kustomize base. */
const role = (kind: "Role" | "ClusterRole", name: string, rules: readonly PolicyRule[]): string =>
  yaml({ apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata: { name }, rules });

/**
 * CRDs and the operator's permissions. The chart has copies, because Helm packs only what is below
 * its own folder.
 */
export const kubernetesFiles = (): GeneratedFile[] => {
  const crds = renderCrds();
  return [
    ...crds.map(({ name, text }) => ({ path: `packages/operator/crds/${name}`, text })),
    ...crds.map(({ name, text }) => ({ path: `${chart}/crds/${name}`, text })),
    { path: `${chart}/files/operator-rules.yaml`, text: head + yaml(operatorRules) },
    { path: `${chart}/files/proxy-rules.yaml`, text: head + yaml(proxyRules) },
    { path: `${chart}/files/token-rules.yaml`, text: head + yaml(tokenRules) },
    { path: `${chart}/files/leader-election-rules.yaml`, text: head + yaml(leaderElectionRules) },
    {
      path: `${base}/roles.yaml`,
      text:
        head +
        [
          role("ClusterRole", "manta-operator", operatorRules),
          role("Role", "manta-operator-leader-election", leaderElectionRules),
        ].join("---\n"),
    },
  ];
};
