import { stringify } from "yaml";
import { rayGroup } from "../names.ts";
import { customResourceDefinitions } from "./custom-resource-definitions.ts";

/** A file made from the code: its name and its text. */
export interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

/** One YAML file per CRD, named as KubeRay names its own. */
export const renderCrds = (): GeneratedFile[] =>
  customResourceDefinitions().map((crd) => ({
    name: `${rayGroup}_${String(crd.spec.names.plural)}.yaml`,
    text: `# Made by npm run generate from packages/operator/src/api: change it there.\n${stringify(crd, { aliasDuplicateObjects: false, lineWidth: 0 })}`,
  }));
