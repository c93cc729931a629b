import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resources } from "../../api/resources.ts";
import { TestKubelet } from "../fixtures/test-kubelet.ts";

let kit: TestKubelet;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

beforeAll(async () => {
  kit = await TestKubelet.start({
    caCert: "the authority",
    apiServer: { host: "127.0.0.9", port: 6443 },
    issueToken: ({ namespace, serviceAccount, audience = "api" }) =>
      Promise.resolve(`token of ${namespace}/${serviceAccount} for ${audience}`),
  });
  await kit.add("configMaps", "ConfigMap", "settings", { data: { color: "blue", "app.conf": "port=1" } });
  await kit.add("secrets", "Secret", "keys", { data: { password: base64("s3cret") } });
});

afterAll(() => kit.close());

test("variables come from fields, resources, ConfigMaps, Secrets and each other", async () => {
  await kit.create(
    "env",
    {
      command: ["sh", "-c", "env | sort; echo arg $0", "$(GREETING)"],
      resources: { limits: { cpu: "1500m", memory: "64Mi" } },
      envFrom: [{ prefix: "CM_", configMapRef: { name: "settings" } }],
      env: [
        { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        { name: "CPUS", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        { name: "MIB", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
        { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "keys", key: "password" } } },
        { name: "NONE", valueFrom: { secretKeyRef: { name: "nobody", key: "x", optional: true } } },
        { name: "GREETING", value: "hi $(NAME) $(NOBODY)" },
        { name: "RAY_ADDRESS", value: "127.0.0.1:6379" },
      ],
    },
    { restartPolicy: "Never" },
    { labels: { app: "demo" } },
  );
  const said = (await kit.output("env")).split("\n");
  const ip = (await kit.pod("env"))?.status?.podIP;
  expect(said).toEqual(
    expect.arrayContaining([
      "NAME=env",
      "APP=demo",
      `IP=${ip}`,
      "CPUS=2",
      "MIB=64",
      "PASSWORD=s3cret",
      "CM_color=blue",
      "GREETING=hi env $(NOBODY)",
      `RAY_ADDRESS=${ip}:6379`,
      "KUBERNETES_SERVICE_HOST=127.0.0.9",
      "arg hi env $(NOBODY)",
    ]),
  );
  expect(said.some((line) => line.startsWith("NONE="))).toBe(false);
});

test("a pod waits for a Secret that is not there yet", async () => {
  const env = [{ name: "LATE", valueFrom: { secretKeyRef: { name: "late", key: "word" } } }];
  await kit.create("waits", { command: ["sh", "-c", "echo $LATE"], env }, { restartPolicy: "Never" });
  const pod = await kit.until(
    "waits",
    "config error",
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "CreateContainerConfigError",
  );
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('secret "late" not found');
  await kit.add("secrets", "Secret", "late", { data: { word: base64("now") } });
  expect(await kit.output("waits")).toBe("now");
});

test("volumes of every kind are where the container expects them", async () => {
  await kit.add("persistentVolumeClaims", "PersistentVolumeClaim", "disk", { spec: {} });
  const script = [
    "cat /conf/app.conf /keys/pw /usr/local/etc/redis/redis.conf /info/labels; echo",
    "cat /var/run/secrets/kubernetes.io/serviceaccount/token /var/run/secrets/kubernetes.io/serviceaccount/ca.crt; echo",
    "cat /tok/t; echo; echo kept > /disk/file; echo x > /conf/new || echo read-only; ls /usr/local/etc/redis",
  ].join("; ");
  await kit.create(
    "volumes",
    {
      command: ["sh", "-c", `exec 2>&1; ${script}`],
      volumeMounts: [
        { name: "conf", mountPath: "/conf" },
        { name: "keys", mountPath: "/keys/" },
        { name: "conf", mountPath: "/usr/local/etc/redis/redis.conf", subPath: "color" },
        { name: "info", mountPath: "/info" },
        { name: "disk", mountPath: "/disk", subPath: "a/b" },
        { name: "tok", mountPath: "/tok" },
      ],
    },
    {
      restartPolicy: "Never",
      volumes: [
        { name: "conf", configMap: { name: "settings" } },
        { name: "keys", secret: { secretName: "keys", items: [{ key: "password", path: "pw" }] } },
        { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
        { name: "disk", persistentVolumeClaim: { claimName: "disk" } },
        { name: "tok", projected: { sources: [{ serviceAccountToken: { path: "t", audience: "vault" } }] } },
      ],
    },
    { labels: { app: "demo" } },
  );
  const said = await kit.output("volumes");
  expect(said).toContain('port=1s3cretblueapp="demo"');
  expect(said).toContain("token of default/default for api");
  expect(said).toContain("the authority");
  expect(said).toContain("token of default/default for vault");
  expect(said).toContain("read-only");
  expect(said.endsWith("redis.conf")).toBe(true);
  const claim = await kit.api.get(resources.persistentVolumeClaims, { namespace: "default", name: "disk" });
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(`${kit.folder}/claims/${claim?.metadata.uid}/a/b/file`, "utf8")).toBe("kept\n");
});

test("a ConfigMap volume follows its object", async () => {
  await kit.add("configMaps", "ConfigMap", "moving", { data: { step: "1" } });
  await kit.create(
    "follows",
    {
      command: ["sh", "-c", "until grep -q 2 /conf/step; do sleep 0.05; done; ls /conf"],
      volumeMounts: [{ name: "conf", mountPath: "/conf" }],
    },
    { restartPolicy: "Never", volumes: [{ name: "conf", configMap: { name: "moving" } }] },
  );
  await kit.untilReady("follows");
  await kit.api.mergePatch(
    resources.configMaps,
    { namespace: "default", name: "moving" },
    { data: { step: "2", more: "x" } },
  );
  expect(await kit.output("follows")).toBe("more\nstep");
});

test("a read-only root has nothing to write into; a user is who the pod says", async () => {
  const script =
    "id -u; for d in / /tmp /usr /etc /var /root; do touch $d/x 2>/dev/null && echo $d; done; touch /dev/shm/x && echo shm; touch /data/x && echo data; touch /run/x && echo run";
  // A volume over a folder that every container has stays writable.
  const volumeMounts = [
    { name: "data", mountPath: "/data" },
    { name: "run", mountPath: "/run" },
  ];
  const volume = { volumeMounts };
  const volumes = [
    { name: "data", emptyDir: {} },
    { name: "run", emptyDir: {} },
  ];
  await kit.create(
    "strict",
    {
      command: ["sh", "-c", script],
      securityContext: { runAsUser: 1000, runAsNonRoot: true, readOnlyRootFilesystem: true },
      ...volume,
    },
    { restartPolicy: "Never", volumes },
  );
  expect(await kit.output("strict")).toBe("1000\nshm\ndata\nrun");
  await kit.create("loose", { command: ["sh", "-c", script], ...volume }, { restartPolicy: "Never", volumes });
  expect(await kit.output("loose")).toBe("0\n/\n/tmp\n/etc\n/var\n/root\nshm\ndata\nrun");
});

test("what a pod must not see of the machine is not there", async () => {
  await kit.create("looks", `ls ${kit.folder} ${process.cwd()} /home /work 2>&1 | wc -l; ps ax | wc -l; env | wc -l`, {
    restartPolicy: "Never",
  });
  const [files, processes] = (await kit.output("looks")).split("\n").map(Number);
  expect(files).toBe(4);
  expect(processes).toBeLessThan(6);
  await waitFor(() => true, { timeoutMs: 1, what: "" });
});
