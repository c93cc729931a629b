import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { PodCases, shell } from "./pod-cases.ts";
import { type Connect, type Status, type SuiteCluster, useCluster } from "./suite.ts";

/** Logs and exec over HTTP and WebSocket. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export const describePodStreams = (connect: Connect): void => {
  describe("logs and exec", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);

    test("logs: all, the tail, with times, of the run before", async () => {
      const volumeMounts = [{ name: "data", mountPath: "/data" }];
      const script = "echo one; echo two; if [ -e /data/x ]; then sleep 1000; fi; touch /data/x; exit 1";
      await pods().create("talks", shell(script, { volumeMounts }), { volumes: [{ name: "data", emptyDir: {} }] });
      await pods().until("talks", "restarted", ({ status }) => {
        const [container] = status?.containerStatuses ?? [];
        return container?.restartCount === 1 && container.state?.running;
      });
      expect(await pods().log("talks", "?previous=true")).toBe("one\ntwo\n");
      expect(await pods().log("talks", "?tailLines=1")).toBe("two\n");
      expect(await pods().log("talks", "?timestamps=true&tailLines=1")).toMatch(/^\d{4}-[\d-]+T[\d:.]+Z two\n$/);
      const path = cluster.path("pods/talks/log?container=nobody");
      const { status, body } = await cluster.client.request<Status>("GET", path);
      expect(status).toBe(400);
      expect(body.message).toBe("container nobody is not valid for pod talks");
    });

    test("exec: outputs apart, the exit code in the status", async () => {
      await pods().create("host", shell("sleep 1000"));
      await pods().untilReady("host");
      const said = await exec(cluster, "host", ["sh", "-c", "echo out; echo err >&2; exit 7"]);
      expect([said[1], said[2]]).toEqual(["out\n", "err\n"]);
      expect(JSON.parse(said[3] ?? "")).toMatchObject({
        status: "Failure",
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: "7" }] },
      });
      const good = await exec(cluster, "host", ["true"]);
      expect(JSON.parse(good[3] ?? "")).toMatchObject({ status: "Success" });
    });
  });
};

/** What came, by channel. https://kubernetes.io/docs/reference/using-api/websocket-streams/ */
const exec = async (
  cluster: SuiteCluster,
  pod: string,
  command: readonly string[],
): Promise<Readonly<Record<number, string>>> => {
  const { url, caCert, token, clientCert, clientKey } = cluster.client.connection;
  const words = command.map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const path = cluster.path(`pods/${pod}/exec?${words}&stdout=true&stderr=true`);
  const socket = new WebSocket(new URL(path, url.replace(/^http/, "ws")), ["v5.channel.k8s.io", "v4.channel.k8s.io"], {
    ...(caCert === undefined ? {} : { ca: caCert }),
    ...(clientCert === undefined ? {} : { cert: clientCert }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const said: Record<number, string> = {};
  socket.on("message", (data) => {
    const message = data as Buffer;
    const channel = message[0] ?? 0;
    said[channel] = (said[channel] ?? "") + message.subarray(1).toString();
  });
  await once(socket, "close");
  return said;
};
