import type { Container, Probe } from "kubernetes-types/core/v1.d.ts";
import { describe, expect, it } from "vitest";
import { fromService, rayCluster } from "../fixtures/ray-cluster.ts";
import { withProbes } from "./probes.ts";
import type { NodeRole } from "./start-params.ts";

const probed = (
  role: NodeRole,
  change: {
    image?: string;
    rayVersion?: string;
    service?: boolean;
    params?: Record<string, string>;
    container?: object;
  } = {},
): Container => {
  const cluster = rayCluster({
    ...(change.service === true ? { labels: fromService } : {}),
    spec: change.rayVersion === undefined ? {} : { rayVersion: change.rayVersion },
  });
  return withProbes(
    cluster,
    role,
    { name: "ray", image: change.image ?? "other:1", ...change.container },
    change.params ?? {},
  );
};

const script = (probe: Probe | undefined): string => probe?.exec?.command?.[2] ?? "";

describe("probes", () => {
  it("by command on older versions, one part for a worker and two for a head", () => {
    const { livenessProbe, readinessProbe } = probed("worker");
    expect(script(livenessProbe)).toBe(
      "wget --tries 1 -T 2 -q -O- http://localhost:52365/api/local_raylet_healthz | grep success",
    );
    expect(livenessProbe).toMatchObject({ initialDelaySeconds: 30, periodSeconds: 5, failureThreshold: 120 });
    expect(readinessProbe).toMatchObject({ initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 10 });
    expect(script(probed("head").readinessProbe)).toContain("http://localhost:8265/api/gcs_healthz");
  });

  it("the ports are the node's own", () => {
    const params = { "dashboard-agent-listen-port": "1234", "dashboard-port": "5678" };
    expect(script(probed("head", { params }).livenessProbe)).toMatch(/:1234\/.*:5678\//);
    expect(probed("head", { params, rayVersion: "2.53.0" }).livenessProbe?.httpGet?.port).toBe(1234);
  });

  it.each([
    ["2.53.0", "other:1", true],
    ["3.0.0", "other:1", true],
    ["2.52.0", "other:1", false],
    ["", "other:1", false],
    ["2.9.0", "mantaray/manta:0.1.0", true],
    ["2.52.0", "registry:5000/team/manta-app@sha256:0", true],
  ])("version %j and image %s: over HTTP %s", (rayVersion, image, http) => {
    expect(probed("head", { rayVersion, image }).livenessProbe?.httpGet !== undefined).toBe(http);
  });

  it("a RayService's worker is ready when its proxy is, and one failure is enough", () => {
    const container = { ports: [{ name: "serve", containerPort: 9000 }] };
    const command = probed("worker", { service: true, container });
    expect(script(command.readinessProbe)).toContain("http://localhost:9000/-/healthz");
    expect(command.readinessProbe?.failureThreshold).toBe(1);
    expect(command.startupProbe).toBeUndefined();
    const http = probed("worker", { service: true, container, image: "manta" });
    expect(http.readinessProbe?.httpGet).toEqual({ path: "/-/healthz", port: 9000 });
    expect(http.startupProbe?.httpGet).toEqual({ path: "/api/healthz", port: 52365 });
    expect(probed("head", { service: true }).readinessProbe?.failureThreshold).toBe(10);
  });

  it("a probe outlasts what it runs", () => {
    for (const role of ["head", "worker"] as const) {
      for (const service of [true, false]) {
        const { livenessProbe, readinessProbe } = probed(role, { service });
        for (const probe of [livenessProbe, readinessProbe]) {
          const waits = [...script(probe).matchAll(/-T (\d+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
          expect(probe?.timeoutSeconds).toBeGreaterThan(waits);
        }
      }
    }
  });

  it("the user's own stay", () => {
    const readinessProbe = { tcpSocket: { port: 1 } };
    const container = probed("worker", { container: { readinessProbe } });
    expect(container.readinessProbe).toEqual(readinessProbe);
    expect(container.livenessProbe).toBeDefined();
  });
});
