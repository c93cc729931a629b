import { describe, expect, test } from "vitest";
import { PodCases, shell } from "./pod-cases.ts";
import { type Connect, configMap, useCluster } from "./suite.ts";

/** Environment and volumes of pods. https://kubernetes.io/docs/concepts/storage/volumes/ */
export const describePodFiles = (connect: Connect): void => {
  describe("environment and volumes of pods", () => {
    const cluster = useCluster(connect);
    const pods = (): PodCases => new PodCases(cluster);
    const once = { restartPolicy: "Never" } as const;

    test("variables come from fields, resources, ConfigMaps, Secrets and each other", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("settings", { color: "blue" }) });
      const secret = { metadata: { name: "keys" }, stringData: { password: "s3cret" } };
      await cluster.client.ok("POST", cluster.path("secrets"), { body: secret });
      const env = [
        { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: "MIB", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "keys", key: "password" } } },
        { name: "NONE", valueFrom: { configMapKeyRef: { name: "nobody", key: "x", optional: true } } },
        { name: "GREETING", value: "hi $(NAME) $(NOBODY) $$(NAME)" },
      ];
      const script = 'echo "$NAME,$APP,$MIB,$PASSWORD,${NONE-unset},$GREETING,$CM_color"';
      const envFrom = [{ prefix: "CM_", configMapRef: { name: "settings" } }];
      const container = shell(script, { env, envFrom, resources: { limits: { memory: "64Mi" } } });
      await pods().create("env", container, once, { labels: { app: "demo" } });
      expect(await pods().output("env")).toBe("env,demo,64,s3cret,unset,hi env $(NOBODY) $(NAME),blue\n");
    });

    test("a missing Secret holds the container back until it is there", async () => {
      const env = [{ name: "WORD", valueFrom: { secretKeyRef: { name: "late", key: "word" } } }];
      await pods().create("waits", shell("echo $WORD", { env }), once);
      const waiting = await pods().until(
        "waits",
        "config error",
        ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "CreateContainerConfigError",
      );
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('secret "late" not found');
      const body = { metadata: { name: "late" }, stringData: { word: "now" } };
      await cluster.client.ok("POST", cluster.path("secrets"), { body });
      expect(await pods().output("waits")).toBe("now\n");
    });

    test("ConfigMap, downward API and service account volumes", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("files", { a: "1", b: "2" }) });
      const script = [
        "ls /conf; cat /sub/file /info/labels; echo",
        "cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo",
        "test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token",
        "touch /conf/x 2>/dev/null || echo read-only",
      ].join("; ");
      const volumeMounts = [
        { name: "conf", mountPath: "/conf" },
        { name: "all", mountPath: "/sub/file", subPath: "b" },
        { name: "info", mountPath: "/info" },
      ];
      const volumes = [
        { name: "conf", configMap: { name: "files", items: [{ key: "a", path: "renamed" }] } },
        { name: "all", configMap: { name: "files" } },
        { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
      ];
      await pods().create("files", shell(script, { volumeMounts }), { ...once, volumes }, { labels: { app: "demo" } });
      const said = await pods().output("files");
      expect(said).toBe(`renamed\n2app="demo"\n${cluster.namespace}\ntoken\nread-only\n`);
    });

    test("a read-only root file system leaves the volumes to write into", async () => {
      const securityContext = { readOnlyRootFilesystem: true, runAsUser: 1000, runAsNonRoot: true };
      const script = "id -u; touch /x /tmp/x 2>/dev/null || echo refused; touch /data/x && echo data";
      const container = shell(script, { securityContext, volumeMounts: [{ name: "data", mountPath: "/data" }] });
      await pods().create("strict", container, { ...once, volumes: [{ name: "data", emptyDir: {} }] });
      expect(await pods().output("strict")).toBe("1000\nrefused\ndata\n");
    });
  });
};
