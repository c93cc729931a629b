import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "mantaray/testing";
import type { LoadSnapshot } from "../../../bench/load/load-counters.ts";
import type { LoadRequest } from "../../../bench/load/load-request.ts";
import { startOpenLoad } from "../open-load.ts";
import { pageCommands } from "../page-commands.ts";
import { Terminal } from "../terminal.ts";
import { isReady, ServeKit } from "./serve-kit.ts";

const page = "docs/fault-walk-kubernetes.md";
/** The RayService of the page. */
export const walkedService = "rayservice-sample";

/** Light: the parts that die and start again need the machine. */
const ratePerSecond = 60;
const commandTimeoutMs = 120_000;
const recoveryTimeoutMs = 90_000;

/** What a step did to requests. */
export interface StepOutcome {
  /** Without the right answer; those on cut connections apart. */
  readonly failures: number;
  /** The connection was cut after the request was sent. */
  readonly cut: number;
  readonly details: object;
  /** What each command of the step said. */
  readonly outputs: readonly string[];
}

/** Follows the page's steps on a small Kubernetes of three nodes. */
export class FaultWalk {
  readonly kit: ServeKit;
  readonly commands: readonly string[] = pageCommands(page, "walk").map(({ text }) => text);
  readonly done: string[] = [];
  readonly #terminal: Terminal;
  readonly #folder: string;

  static async start(): Promise<FaultWalk> {
    const folder = mkdtempSync(join(tmpdir(), "manta-fault-walk-"));
    const kit = await ServeKit.start({ nodes: 3 });
    return new FaultWalk(kit, await Terminal.open({ kubeconfig: kit.cluster.kubeconfigFile, folder }), folder);
  }

  private constructor(kit: ServeKit, terminal: Terminal, folder: string) {
    this.kit = kit;
    this.#terminal = terminal;
    this.#folder = folder;
  }

  /** Runs the step's commands; what each of them said. */
  async step(wanted: number): Promise<string[]> {
    const outputs: string[] = [];
    for (const { step, text } of pageCommands(page, "walk")) {
      if (step !== wanted) continue;
      outputs.push((await this.#terminal.run(text, commandTimeoutMs)).output);
      this.done.push(text);
    }
    return outputs;
  }

  /** The step, with requests before it, meanwhile, and until all is whole without the victim (a pod's uid). */
  async stepUnderLoad(wanted: number, victim?: string): Promise<StepOutcome> {
    const load = startOpenLoad(await this.kit.url(walkedService), ratePerSecond, [request]);
    const more = (): Promise<unknown> => {
      const goal = load.snapshot().sent + 2 * ratePerSecond;
      const isEnough = (): boolean => load.snapshot().sent >= goal;
      return waitFor(isEnough, { timeoutMs: recoveryTimeoutMs, what: "more requests" });
    };
    await more();
    const outputs = await this.step(wanted);
    await this.whole(victim);
    await more();
    return { ...outcomeOf(await load.stop()), outputs };
  }

  /** Until three pods, without this one, are Ready and in the Service, and every actor is there. */
  whole(without?: string): Promise<unknown> {
    const isWhole = async (): Promise<boolean> => (await this.#hasPods(without)) && this.#hasActors();
    return waitFor(isWhole, { timeoutMs: recoveryTimeoutMs, intervalMs: 250, what: "all that belongs to the service" });
  }

  async close(): Promise<void> {
    await this.#terminal.close();
    await this.kit.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #hasPods(without: string | undefined): Promise<boolean> {
    const pods = await this.kit.pods("ray.io/is-ray-node=yes");
    const areReady = pods.length === 3 && pods.every((pod) => isReady(pod) && pod.metadata.uid !== without);
    return areReady && (await this.kit.service(walkedService)).status?.numServeEndpoints === 3;
  }

  async #hasActors(): Promise<boolean> {
    const { metadata } = await this.kit.head(walkedService);
    const summary = await this.kit.cluster.kubectl("exec", metadata.name, "--", "ray", "summary", "actors");
    return [/HTTPProxyActor.* ALIVE: 3\b/, /ServeController.* ALIVE: 1\b/, /SleepyPid.* ALIVE: 6\b/].every((class_) =>
      class_.test(summary),
    );
  }
}

const request: LoadRequest = {
  name: "pid",
  method: "GET",
  path: "/",
  expect: (_status, body) => /^\d+$/.test(body),
};

const outcomeOf = ({ sent, ok, cut, statuses, wrong, refused }: LoadSnapshot): Omit<StepOutcome, "outputs"> => ({
  failures: sent - ok - cut,
  cut,
  details: { sent, statuses, wrong, refused },
});
