import type { Container, PodSpec, PodStatus } from "kubernetes-types/core/v1.d.ts";
import { waitFor } from "mantaray/testing";
import type { KubeObject } from "../api/objects.ts";
import type { SuiteCluster } from "./suite.ts";

/** Long enough for a real cluster to pull the images. */
const podTimeoutMs = 120_000;
/** Small images that any cluster can pull, and whose programs every machine has. */
export const shellImage = "busybox:1.36";
export const nodeImage = "node:24-alpine";

/** A pod as it is served. */
export type PodObject = KubeObject & { spec: PodSpec; status?: PodStatus };

/** A container `main` that runs a shell script, unless it says otherwise. */
export const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: "main",
  image: shellImage,
  command: ["sh", "-c", script],
  ...more,
});

/** Answers every request with its pod's name, from when `/tmp/ready` is there (or at once). */
export const nameServer = (more: Partial<Container> = {}): Container => ({
  name: "main",
  image: nodeImage,
  command: [
    "node",
    "-e",
    'require("http").createServer((q, r) => r.end(process.env.NAME + "\\n")).listen(8000, process.env.POD_IP);' +
      'process.on("SIGTERM", () => process.exit(0))',
  ],
  env: [
    { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
  ],
  ports: [{ name: "http", containerPort: 8000 }],
  readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
  ...more,
});

/** What cases ask of pods. */
export class PodCases {
  readonly #cluster: SuiteCluster;

  constructor(cluster: SuiteCluster) {
    this.#cluster = cluster;
  }

  create(name: string, container: Container, spec: Partial<PodSpec> = {}, metadata: object = {}): Promise<PodObject> {
    const body = {
      metadata: { name, ...metadata },
      spec: { terminationGracePeriodSeconds: 1, containers: [container], ...spec },
    };
    return this.#cluster.client.ok<PodObject>("POST", this.#cluster.path("pods"), { body });
  }

  async get(name: string): Promise<PodObject | undefined> {
    const { status, body } = await this.#cluster.client.request<PodObject>("GET", this.#cluster.path(`pods/${name}`));
    return status === 404 ? undefined : body;
  }

  /** The pod once it is so. */
  until(name: string, what: string, condition: (pod: PodObject) => unknown): Promise<PodObject> {
    return waitFor(
      async () => {
        const pod = await this.get(name);
        return pod !== undefined && Boolean(condition(pod)) && pod;
      },
      { timeoutMs: podTimeoutMs, intervalMs: 50, what: `pod ${name}: ${what}` },
    );
  }

  untilReady(name: string): Promise<PodObject> {
    return this.until(name, "ready", isReady);
  }

  untilGone(name: string): Promise<boolean> {
    return waitFor(async () => (await this.get(name)) === undefined, {
      timeoutMs: podTimeoutMs,
      intervalMs: 50,
      what: `pod ${name}: gone`,
    });
  }

  delete(name: string): Promise<unknown> {
    return this.#cluster.client.ok("DELETE", this.#cluster.path(`pods/${name}`));
  }

  async log(name: string, query = ""): Promise<string> {
    return this.#cluster.client.ok<string>("GET", this.#cluster.path(`pods/${name}/log${query}`));
  }

  /** What a pod said that ran to its end. */
  async output(name: string): Promise<string> {
    const pod = await this.until(name, "ended", ({ status }) => ["Succeeded", "Failed"].includes(status?.phase ?? ""));
    const said = await this.log(name);
    if (pod.status?.phase === "Failed") throw new Error(`pod ${name} failed: ${said}`);
    return said;
  }
}

/** Whether its Ready condition is true. */
export const isReady = (pod: PodObject): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
