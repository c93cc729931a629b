import { describe, expect, test } from "vitest";
import { PodCases, shell, shellImage } from "./pod-cases.ts";
import { type Connect, useCluster } from "./suite.ts";

/** How pods begin, and what becomes of their containers. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ */
export const describePodLifecycle = (connect: Connect): void => {
  describe("pod lifecycle", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);

    test("a running pod says where it is and since when", async () => {
      await pods().create("runs", shell("sleep 1000"));
      const { spec, status } = await pods().untilReady("runs");
      expect(spec.nodeName).toBeTruthy();
      expect(status).toMatchObject({ phase: "Running", podIP: expect.any(String), hostIP: expect.any(String) });
      expect(status?.podIPs).toEqual([{ ip: status?.podIP }]);
      const isTrue = (status?.conditions ?? []).filter((condition) => condition.status === "True");
      expect(isTrue.map(({ type }) => type).toSorted()).toEqual(
        expect.arrayContaining(["ContainersReady", "Initialized", "PodScheduled", "Ready"]),
      );
      expect(status?.containerStatuses?.[0]).toMatchObject({
        name: "main",
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: expect.any(String) } },
      });
    });

    test("exit codes become phases by the restart policy", async () => {
      await pods().create("succeeds", shell("exit 0"), { restartPolicy: "Never" });
      await pods().create("fails", shell("exit 3"), { restartPolicy: "Never" });
      await pods().create("restarts", shell("exit 1"), { restartPolicy: "OnFailure" });
      const good = await pods().until("succeeds", "succeeded", ({ status }) => status?.phase === "Succeeded");
      const bad = await pods().until("fails", "failed", ({ status }) => status?.phase === "Failed");
      const again = await pods().until(
        "restarts",
        "in back-off",
        ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
      );
      expect(good.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
        exitCode: 0,
        reason: "Completed",
      });
      expect(bad.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
      expect(again.status?.phase).toBe("Running");
      expect(again.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(1);
    });

    test("init containers run one after the other, before the others", async () => {
      const mount = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
      const init = (name: string) => ({ ...shell(`echo ${name} >> /shared/log`, mount), name });
      await pods().create("inits", shell("cat /shared/log", mount), {
        restartPolicy: "Never",
        initContainers: [init("one"), init("two")],
        volumes: [{ name: "shared", emptyDir: {} }],
      });
      expect(await pods().output("inits")).toBe("one\ntwo\n");
    });

    test("a pod that fits nowhere says why", async () => {
      const resources = { requests: { cpu: "100000" } };
      await pods().create("huge", shell("true", { image: shellImage, resources }));
      const pod = await pods().until("huge", "unschedulable", ({ status }) => status?.conditions?.[0]?.reason);
      expect(pod.status?.conditions?.[0]).toMatchObject({
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: expect.stringMatching(/^0\/\d+ nodes are available: .*Insufficient cpu/),
      });
    });
  });
};
