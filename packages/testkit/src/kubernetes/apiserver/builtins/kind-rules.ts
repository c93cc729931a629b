import { defaultNameRule, type NameRule } from "../metadata-rules.ts";
import { dns1035Label, dns1123Label, pathSegment } from "../names.ts";
import {
  defaultBinding,
  defaultClaim,
  defaultEndpointSlice,
  defaultEndpoints,
  defaultNamespace,
  defaultNetworkPolicy,
  defaultRole,
  defaultSecret,
  defaultStorageClass,
  defaultVolume,
} from "./defaults/others.ts";
import { defaultPod } from "./defaults/pod.ts";
import { defaultService } from "./defaults/service.ts";
import { defaultDeployment, defaultJob, defaultReplicaSet, defaultStatefulSet } from "./defaults/workloads.ts";
import type { KindRules } from "./rules.ts";
import {
  validateBinding,
  validateBudget,
  validateClaim,
  validateData,
  validateEvent,
  validateNetworkPolicy,
  validateQuota,
} from "./validation/others.ts";
import { validatePod } from "./validation/pod.ts";
import { validateService } from "./validation/service.ts";
import { validateJob, validateStatefulSet, validateWorkload } from "./validation/workloads.ts";

/** A kind's rules are written for its own type of `kubernetes-types`; whether an object fits is what they find out. */
const rules = (of: { defaults?: unknown; validate?: unknown }): KindRules => of as KindRules;

/** What is special about built-in kinds, by plural name. */
export const kindRules: Readonly<Record<string, KindRules>> = {
  namespaces: rules({ defaults: defaultNamespace }),
  pods: rules({ defaults: defaultPod, validate: validatePod }),
  services: rules({ defaults: defaultService, validate: validateService }),
  configmaps: rules({ validate: validateData }),
  secrets: rules({ defaults: defaultSecret, validate: validateData }),
  events: rules({ validate: validateEvent }),
  endpoints: rules({ defaults: defaultEndpoints }),
  endpointslices: rules({ defaults: defaultEndpointSlice }),
  persistentvolumeclaims: rules({ defaults: defaultClaim, validate: validateClaim }),
  persistentvolumes: rules({ defaults: defaultVolume }),
  resourcequotas: rules({ validate: validateQuota }),
  deployments: rules({ defaults: defaultDeployment, validate: validateWorkload }),
  replicasets: rules({ defaults: defaultReplicaSet, validate: validateWorkload }),
  statefulsets: rules({ defaults: defaultStatefulSet, validate: validateStatefulSet }),
  jobs: rules({ defaults: defaultJob, validate: validateJob }),
  networkpolicies: rules({ defaults: defaultNetworkPolicy, validate: validateNetworkPolicy }),
  poddisruptionbudgets: rules({ validate: validateBudget }),
  storageclasses: rules({ defaults: defaultStorageClass }),
  roles: rules({ defaults: defaultRole }),
  clusterroles: rules({ defaults: defaultRole }),
  rolebindings: rules({ defaults: defaultBinding, validate: validateBinding }),
  clusterrolebindings: rules({ defaults: defaultBinding, validate: validateBinding }),
};

const nameRules: Readonly<Record<string, NameRule>> = {
  namespaces: dns1123Label,
  services: dns1035Label,
  roles: pathSegment,
  clusterroles: pathSegment,
  rolebindings: pathSegment,
  clusterrolebindings: pathSegment,
};

/** Which names objects may have. */
export const nameRuleOf = (plural: string, custom: boolean): NameRule =>
  custom ? defaultNameRule : (nameRules[plural] ?? defaultNameRule);
