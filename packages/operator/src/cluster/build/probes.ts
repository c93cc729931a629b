import type { Container, Probe } from "kubernetes-types/core/v1.d.ts";
import type { RayCluster } from "../../api/ray-cluster.ts";
import { createdByService } from "./labels.ts";
import { agentPort, type NodeRole } from "./start-params.ts";

type Params = Readonly<Record<string, string>>;

/** Port of a pod's proxy: the container port named `serve`, else 8000. */
export const servePort = (container: Container): number =>
  container.ports?.find(({ name }) => name === "serve")?.containerPort ?? 8_000;

/**
 * Probes where the user has set none (reference, section 2.10): over HTTP where the node has the endpoints for it
 * (our image, or version 2.53 and newer), else by the commands of the reference. HTTP readiness of a RayService's
 * worker is the proxy's own.
 */
export const withProbes = (cluster: RayCluster, role: NodeRole, container: Container, params: Params): Container => {
  const serves = role === "worker" && createdByService(cluster);
  const kit = speaksHttp(cluster.spec.rayVersion, container.image ?? "")
    ? httpProbes(role, container, params)
    : commandProbes(role, container, params);
  return {
    ...(serves && kit.startup !== undefined ? { startupProbe: { ...kit.startup, ...startup } } : {}),
    livenessProbe: { ...kit.alive, ...times(30, 120) },
    readinessProbe: serves ? { ...kit.serves, ...times(10, 1) } : { ...kit.alive, ...times(10, 10) },
    ...container,
  };
};

/** What is asked, and how long the answer may take. */
interface ProbeKit {
  readonly alive: Probe;
  readonly serves: Probe;
  readonly startup?: Probe;
}

const httpProbes = (role: NodeRole, container: Container, params: Params): ProbeKit => {
  const alive = get("/api/healthz", agentPort(params));
  const timeoutSeconds = role === "worker" ? 2 : 5;
  return {
    alive: { ...alive, timeoutSeconds },
    serves: { ...get("/-/healthz", servePort(container)), timeoutSeconds },
    // Tells when a worker can take replicas. Its proxy does not: that is Ready only once it has one.
    startup: { ...alive, timeoutSeconds },
  };
};

/**
 * The reference gives two seconds to commands of which one part alone may take ten, so that a slow answer counts as
 * none. Here a probe outlasts its parts.
 */
const commandProbes = (role: NodeRole, container: Container, params: Params): ProbeKit => {
  const raylet = wget(`localhost:${agentPort(params)}/api/local_raylet_healthz`);
  const gcs = wget(`localhost:${params["dashboard-port"] ?? "8265"}/api/gcs_healthz`);
  const proxy = wget(`localhost:${servePort(container)}/-/healthz`);
  return {
    alive: role === "worker" ? command(raylet) : command(raylet, gcs),
    serves: command(raylet, proxy),
  };
};

/** As long as the reference's liveness waits: 10 minutes. */
const startup: Probe = { periodSeconds: 2, successThreshold: 1, failureThreshold: 300 };

const times = (initialDelaySeconds: number, failureThreshold: number): Probe => ({
  initialDelaySeconds,
  periodSeconds: 5,
  successThreshold: 1,
  failureThreshold,
});

const get = (path: string, port: number): Probe => ({ httpGet: { path, port } });

const wgetSeconds = 2;

const wget = (url: string): string => `wget --tries 1 -T ${wgetSeconds} -q -O- http://${url} | grep success`;

const command = (...parts: readonly string[]): Probe => ({
  exec: { command: ["bash", "-c", parts.join(" && ")] },
  timeoutSeconds: parts.length * wgetSeconds + 1,
});

/** Whether the image is ours, by its name. */
const isOurImage = (image: string): boolean => /(^|\/)[^/]*manta[^/]*$/.test(image);

const speaksHttp = (version: string | undefined, image: string): boolean => {
  if (isOurImage(image)) return true;
  const match = /^v?(\d+)\.(\d+)/.exec(version ?? "");
  if (match === null) return false;
  const [major = 0, minor = 0] = match.slice(1).map(Number);
  return major > 2 || (major === 2 && minor >= 53);
};
