import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { LocalKubernetes, spawnKubectl } from "@manta/testkit/kubernetes";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox
        command: [sh, -c, 'echo "hello from $HOSTNAME"; exec python3 -m http.server 18080 --bind $POD_IP --directory /etc']
        env: [{name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
        ports: [{name: http, containerPort: 18080}]
        readinessProbe: {httpGet: {path: /hostname, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`;

const set = `
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: busybox, command: [sh, -c, 'date >> /data/starts; exec sleep 1000'], volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
`;

let cluster: LocalKubernetes;
beforeAll(async () => {
  cluster = await LocalKubernetes.start({ nodes: 2 });
}, 300_000);
afterAll(() => cluster.close());
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(...args);
const firstPod = (label: string): Promise<string> =>
  kubectl("get", "pods", "-l", label, "-o", "jsonpath={.items[0].metadata.name}");

describe("kubectl with a Deployment", () => {
  it("shows its nodes", async () => {
    expect(await kubectl("get", "nodes")).toMatch(/node-1 +Ready[\s\S]*node-2 +Ready/);
  });

  it("rolls a Deployment out and shows it", async () => {
    expect(await cluster.apply(web)).toBe("deployment.apps/web created\nservice/web created\n");
    const rollout = await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    expect(rollout).toContain('deployment "web" successfully rolled out');
    expect(await kubectl("get", "deployment", "web")).toMatch(/web +2\/2 +2 +2/);
    const described = await kubectl("describe", "deployment", "web");
    expect(described).toMatch(/ScalingReplicaSet .* Scaled up replica set web-\w+ from 0 to 2/);
    const addresses = await kubectl("get", "endpointslices", "-l", "kubernetes.io/service-name=web");
    expect(addresses).toMatch(/18080 +127\.[\d.]+,127\.[\d.]+/);
  });

  it("reads logs, runs programs inside and reaches the Service by its name", async () => {
    expect(await kubectl("logs", "deployment/web")).toMatch(/^hello from web-/);
    const fetch = "curl -s -o /dev/null -w '%{http_code}' http://web.default.svc.cluster.local/hostname";
    expect(await kubectl("exec", "deployment/web", "--", "sh", "-c", fetch)).toBe("200");
    const failing = kubectl("exec", "deployment/web", "--", "sh", "-c", "exit 3");
    await expect(failing).rejects.toThrow(/exit code 3/);
  });

  it("forwards a port", async () => {
    const child = await spawnKubectl(cluster.kubeconfigFile, ["port-forward", "service/web", ":80"]);
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      const answer = await fetch(`http://127.0.0.1:${port}/hostname`);
      expect(await answer.text()).toMatch(/^web-/);
    } finally {
      child.kill();
      await once(child, "close");
    }
  });

  it("scales, changes, goes back and restarts without a pod too few", async () => {
    await kubectl("scale", "deployment/web", "--replicas=3");
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    await kubectl("set", "env", "deployment/web", "VERSION=2");
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    const version = [
      "get",
      "deployment",
      "web",
      "-o",
      'jsonpath={.spec.template.spec.containers[0].env[?(@.name=="VERSION")].value}',
    ];
    expect(await kubectl(...version)).toBe("2");
    await kubectl("rollout", "undo", "deployment/web");
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    expect(await kubectl(...version)).toBe("");
    expect(await kubectl("rollout", "history", "deployment/web")).toMatch(/2 .*\n3 /);
  });
});

describe("kubectl with other workloads", () => {
  it("runs the members of a StatefulSet one after the other, with names and data that stay", async () => {
    await cluster.apply(set);
    await kubectl("rollout", "status", "statefulset/db", "--timeout=60s");
    expect(await kubectl("get", "pvc")).toMatch(/data-db-0 +Bound[\s\S]*data-db-1 +Bound/);
    const reach = "getent hosts db-1.db.default.svc.cluster.local";
    expect(await kubectl("exec", "db-0", "--", "sh", "-c", reach)).toMatch(/^127\./);
    await kubectl("delete", "pod", "db-0", "--wait=false");
    await waitFor(
      async () => (await kubectl("exec", "db-0", "--", "wc", "-l", "/data/starts").catch(() => "")).startsWith("2"),
      { timeoutMs: 30_000, what: "the second start of db-0" },
    );
    await kubectl("delete", "statefulset", "db");
  });

  it("runs a Job to its end and waits for it", async () => {
    await kubectl("create", "job", "sum", "--image=busybox", "--", "sh", "-c", "echo $((1 + 2))");
    await kubectl("wait", "--for=condition=complete", "job/sum", "--timeout=30s");
    expect(await kubectl("logs", "job/sum")).toBe("3\n");
    expect(await kubectl("get", "job", "sum")).toMatch(/sum +Complete +1\/1/);
    await kubectl("delete", "job", "sum");
    await kubectl("wait", "--for=delete", "pod", "-l", "job-name=sum", "--timeout=30s");
  });

  it("does not evict what a budget keeps, and drains a node otherwise", async () => {
    await kubectl("create", "pdb", "web", "--selector=app=web", "--min-available=2");
    await waitFor(async () => (await kubectl("get", "pdb", "web")).includes(" 1 "), {
      timeoutMs: 10_000,
      what: "one disruption allowed",
    });
    const node = await kubectl("get", "pod", await firstPod("app=web"), "-o", "jsonpath={.spec.nodeName}");
    expect(await kubectl("drain", node, "--ignore-daemonsets", "--timeout=60s")).toContain(`node/${node} drained`);
    await kubectl("uncordon", node);
    await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  });

  it("deletes a namespace with all that is in it", async () => {
    await kubectl("create", "namespace", "other");
    await kubectl("-n", "other", "create", "deployment", "idle", "--image=pause");
    await kubectl("-n", "other", "rollout", "status", "deployment/idle", "--timeout=30s");
    await kubectl("delete", "namespace", "other", "--timeout=60s");
    await expect(kubectl("get", "namespace", "other")).rejects.toThrow(/not found/);
  });

  it("deletes what belongs to a Deployment with it", async () => {
    await kubectl("delete", "deployment", "web");
    await kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=30s");
    expect(await kubectl("get", "replicasets")).toBe("");
  });

  it("leaves nothing behind when it is closed", async () => {
    await cluster.close();
    expect(existsSync(dirname(cluster.kubeconfigFile))).toBe(false);
  });
});
