import { describe, expect, test } from "vitest";
import { isReady, PodCases, shell } from "./pod-cases.ts";
import { type Connect, useCluster } from "./suite.ts";

/** Probes and termination. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes */
export const describePodProbes = (connect: Connect): void => {
  describe("probes and the end of pods", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);

    test("a readiness probe decides, and goes on deciding", async () => {
      const readinessProbe = { exec: { command: ["test", "-e", "/tmp/ok"] }, periodSeconds: 1, failureThreshold: 1 };
      const script = "sleep 2; touch /tmp/ok; sleep 4; rm /tmp/ok; sleep 1000";
      await pods().create("probed", shell(script, { readinessProbe }));
      const early = await pods().until("probed", "running", ({ status }) => status?.phase === "Running");
      expect(isReady(early)).toBe(false);
      await pods().untilReady("probed");
      const late = await pods().until("probed", "not ready", (pod) => !isReady(pod));
      expect(late.status?.conditions?.find(({ type }) => type === "Ready")?.reason).toBe("ContainersNotReady");
    });

    test("a failed liveness probe restarts the container", async () => {
      const livenessProbe = { exec: { command: ["test", "-e", "/tmp/ok"] }, periodSeconds: 1, failureThreshold: 2 };
      const script = "trap 'exit 0' TERM; while true; do sleep 0.1; done";
      await pods().create("unwell", shell(script, { livenessProbe }));
      await pods().until(
        "unwell",
        "restarted",
        ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
      );
      const path = cluster.path("events?fieldSelector=involvedObject.name%3Dunwell");
      const { items } = await cluster.client.ok<{ items: { reason: string; message: string }[] }>("GET", path);
      const killing = items.find(({ reason }) => reason === "Killing");
      expect(killing?.message).toBe("Container main failed liveness probe, will be restarted");
    });

    test("deletion: preStop, SIGTERM, and the pod is gone when its program is", async () => {
      const script = "trap 'cat /tmp/hook > /dev/termination-log; exit 0' TERM; while true; do sleep 0.1; done";
      const preStop = { exec: { command: ["sh", "-c", "sleep 1; echo hook > /tmp/hook"] } };
      await pods().create("leaves", shell(script, { lifecycle: { preStop } }), { terminationGracePeriodSeconds: 30 });
      await pods().untilReady("leaves");
      const begun = performance.now();
      await pods().delete("leaves");
      expect((await pods().get("leaves"))?.metadata.deletionGracePeriodSeconds).toBe(30);
      await pods().untilGone("leaves");
      expect(performance.now() - begun).toBeGreaterThan(1_000);
      expect(performance.now() - begun).toBeLessThan(20_000);
    });
  });
};
