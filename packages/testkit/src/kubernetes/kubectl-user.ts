import { runKubectl } from "./kubectl.ts";
import { outputOf, type RunOptions } from "./programs/run-program.ts";

/** A cluster that kubectl is pointed at. */
export abstract class KubectlUser {
  /** Mode 0600. */
  abstract readonly kubeconfigFile: string;

  /** What kubectl prints; rejects with what it says on stderr when it fails. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.kubectlWith({}, ...args);
  }

  /** The same with something to read, or another time limit. */
  kubectlWith(options: RunOptions, ...args: readonly string[]): Promise<string> {
    return outputOf(runKubectl(this.kubeconfigFile, args, options), "kubectl", args);
  }

  /** Creates or changes what a manifest (YAML) tells. */
  apply(manifest: string): Promise<string> {
    return this.kubectlWith({ stdin: manifest }, "apply", "-f", "-");
  }
}
