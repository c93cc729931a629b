import { MantaError } from "../../base/errors.ts";

/** What the commands need of a small Kubernetes. */
export interface SmallKubernetes {
  readonly kubeconfigFile: string;
  readonly access: {
    create(resource: ResourceName, object: KubernetesObject): Promise<unknown>;
  };
  close(): Promise<void>;
}

interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

interface Image {
  readonly match: string | RegExp;
  readonly binds?: readonly { readonly host: string; readonly path: string }[];
}

/** Which programs stand for which images; the module knows more of it. */
interface Images {
  add(image: Image): void;
}

/** Of `@manta/testkit/kubernetes`. */
export interface KubernetesModule<Registry extends Images = Images> {
  readonly LocalKubernetes: {
    start(options: {
      readonly nodes: number;
      readonly images: Registry;
      readonly closeOnSignals: false;
      readonly log: { info(message: string): void; warn(message: string): void };
    }): Promise<SmallKubernetes>;
  };
  readonly defaultImages: () => Registry;
  readonly mantaImage: (options?: { readonly match: RegExp }) => Image;
  readonly rayImageNames: RegExp;
  readonly kubectlPrograms: () => Promise<{ readonly kubectl: string; readonly helm: string }>;
}

/** Of `@manta/operator`. */
export interface OperatorModule {
  readonly startOperator: (options: {
    readonly kubeconfig: string;
    readonly settings: { readonly leaderElection: true };
  }) => Promise<{ readonly isWorking: boolean; close(): Promise<void> }>;
  readonly customResourceDefinitions: () => readonly KubernetesObject[];
}

/** The small Kubernetes. Throws `not_found` where it is not installed. */
export const loadKubernetes = (): Promise<KubernetesModule> => load<KubernetesModule>("@manta/testkit/kubernetes");

/** The operator. Throws `not_found` where it is not installed. */
export const loadOperator = (): Promise<OperatorModule> => load<OperatorModule>("@manta/operator");

/**
 * Neither is a dependency of this package, or whoever runs a cluster would carry a Kubernetes with it: so their names are
 * told at run time, and what is used of them is written down above.
 */
const load = async <Module>(name: string): Promise<Module> => {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MantaError(
      "not_found",
      `manta local needs ${name}, which is in Manta's repository and in no registry: call it there, after npm ci ` +
        `(${error instanceof Error ? error.message : String(error)})`,
      { cause: error },
    );
  }
};
