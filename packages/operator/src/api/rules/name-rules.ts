import { nameLimits } from "../names.ts";
import { type RuleSet, ruleSet } from "./rule.ts";

const dnsLabel = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
const dnsLabelPattern = new RegExp(dnsLabel);

interface Named {
  readonly metadata: { readonly name?: string };
}

/** V1: names of children are made from the object's, and stay within a DNS label. From the object itself. */
const nameRuleSet = (lengthMax: number): RuleSet =>
  ruleSet<Named>(
    [],
    [
      {
        name: "V1",
        field: "metadata.name",
        message: `metadata.name must have at most ${lengthMax} characters: names of Services are made from it`,
        cel: `self.metadata.name.size() <= ${lengthMax}`,
        holds: ({ metadata }) => (metadata.name ?? "").length <= lengthMax,
      },
      {
        name: "V1",
        field: "metadata.name",
        message:
          'metadata.name must be lower-case letters, digits and "-", begin with a letter and not end with "-": names of Services are made from it',
        cel: `self.metadata.name.matches('${dnsLabel}')`,
        holds: ({ metadata }) => dnsLabelPattern.test(metadata.name ?? ""),
      },
    ],
  );

/** V1 of a RayCluster. */
export const clusterNameRules: RuleSet = nameRuleSet(nameLimits.rayClusterLengthMax);
/** V1 of a RayService, whose clusters add six characters. */
export const serviceNameRules: RuleSet = nameRuleSet(nameLimits.rayServiceLengthMax);
