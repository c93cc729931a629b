import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { KubernetesCommand, KubernetesState } from "./kubernetes-process.ts";

type Answer = { readonly state: KubernetesState; readonly error?: undefined } | { readonly error: string };

/** An API server in another process, with pods that look alive. */
export class Kubernetes {
  readonly pid: number;
  readonly kubeconfig: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, kubeconfig: string) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.kubeconfig = kubeconfig;
  }

  /** `execArgv`: further flags of Node, such as those of a profiler. */
  static async start(execArgv: readonly string[] = []): Promise<Kubernetes> {
    const main = fileURLToPath(new URL("kubernetes-process.ts", import.meta.url));
    const child = fork(main, { execArgv: ["--conditions=source", ...execArgv] });
    const [{ kubeconfig }] = (await once(child, "message")) as [{ kubeconfig: string }];
    return new Kubernetes(child, kubeconfig);
  }

  /** Commands go one after the other. Returns what there is then. */
  async run(command: KubernetesCommand): Promise<KubernetesState> {
    const answered = once(this.#child, "message");
    this.#child.send(command);
    const [answer] = (await answered) as [Answer];
    if (answer.error !== undefined) throw new Error(`${command.kind}: ${answer.error}`);
    return answer.state;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
