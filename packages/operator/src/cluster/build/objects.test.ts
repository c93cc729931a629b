import { describe, expect, it } from "vitest";
import { annotations } from "../../api/names.ts";
import { defaultClusterOptions } from "../cluster-options.ts";
import { type ClusterSketch, rayCluster, withRedis, workerGroup } from "../fixtures/ray-cluster.ts";
import { buildAuthSecret, makesAuthSecret } from "./auth-secret.ts";
import { buildBudgets, wantsBudgets } from "./disruption-budgets.ts";
import { buildGcsClaim } from "./fault-tolerance.ts";
import { buildHeadService } from "./head-service.ts";
import { buildHeadlessService } from "./headless-service.ts";
import { buildIngress } from "./ingress.ts";
import { buildNetworkPolicies } from "./network-policies.ts";
import { buildRedisCleanupJob } from "./redis-cleanup-job.ts";
import { buildServeService } from "./serve-service.ts";

const options = defaultClusterOptions;
const headService = (sketch: ClusterSketch = {}, change = {}): ReturnType<typeof buildHeadService> =>
  buildHeadService(rayCluster(sketch), { ...options, ...change });
const portsOf = (service: ReturnType<typeof buildHeadService>): string[] =>
  (service.spec?.ports ?? []).map(({ name, port }) => `${name}:${port}`);

const claimOf = (storage?: object): ReturnType<typeof buildGcsClaim> =>
  buildGcsClaim(
    rayCluster({ spec: { gcsFaultToleranceOptions: { backend: "rocksdb", ...(storage && { storage }) } } }),
  );

const openOn = (head: object): unknown =>
  buildNetworkPolicies(rayCluster({ head }), options)[0]?.spec?.ingress?.[2]?.ports;

const policiesFor = (networkPolicy: object): ReturnType<typeof buildNetworkPolicies> =>
  buildNetworkPolicies(rayCluster({ spec: { networkPolicy } }), options);

describe("head Service", () => {
  it("without ports of its own the head has the five of the reference, in order", () => {
    expect(portsOf(headService())).toEqual([
      "client:10001",
      "dashboard:8265",
      "gcs-server:6379",
      "metrics:8080",
      "serve:8000",
    ]);
  });

  it("declared ports are all there are, and metrics", () => {
    const ports = [{ containerPort: 9000, name: "serve" }, { containerPort: 1234 }];
    expect(portsOf(headService({ headContainer: { ports } }))).toEqual([
      "1234-port:1234",
      "metrics:8080",
      "serve:9000",
    ]);
  });

  it("has no address of its own and names pods that are not ready", () => {
    expect(headService().spec).toMatchObject({ type: "ClusterIP", clusterIP: "None", publishNotReadyAddresses: true });
    expect(headService({}, { headClusterIp: true }).spec?.clusterIP).toBeUndefined();
    const nodePort = headService({ head: { serviceType: "NodePort" } }).spec;
    expect(nodePort).toMatchObject({ type: "NodePort" });
    expect(nodePort?.clusterIP).toBeUndefined();
  });

  it("selects by the five labels, with the template's values where it may change them", () => {
    const template = {
      metadata: { labels: { "app.kubernetes.io/name": "mine", "ray.io/cluster": "other" } },
      spec: { containers: [{ name: "r" }] },
    };
    expect(headService({ head: { template } }).spec?.selector).toEqual({
      "ray.io/cluster": "sample",
      "ray.io/node-type": "head",
      "ray.io/identifier": "sample-head",
      "app.kubernetes.io/name": "mine",
      "app.kubernetes.io/created-by": "kuberay-operator",
    });
  });

  it("of the user: name, type, ports and annotations are his, selector and labels ours", () => {
    const user = {
      metadata: { name: "mine", labels: { a: "b", "ray.io/cluster": "x" }, annotations: { one: "1", two: "2" } },
      spec: { type: "LoadBalancer", selector: { x: "y" }, ports: [{ name: "dashboard", port: 9999 }] },
    };
    const service = headService({ head: { headService: user }, spec: { headServiceAnnotations: { two: "3" } } });
    expect(service.metadata).toMatchObject({
      name: "mine",
      namespace: "default",
      labels: { a: "b", "ray.io/cluster": "sample" },
      annotations: { one: "1", two: "3" },
    });
    expect(service.spec).toMatchObject({ type: "LoadBalancer", selector: { "ray.io/cluster": "sample" } });
    expect(portsOf(service)).toEqual([
      "dashboard:9999",
      "client:10001",
      "gcs-server:6379",
      "metrics:8080",
      "serve:8000",
    ]);
  });

  it("of the user: without metadata", () => {
    expect(headService({ head: { headService: {} } }).metadata?.name).toBe("sample-head-svc");
  });
});

describe("other Services", () => {
  it("headless: only for groups of several hosts", () => {
    expect(buildHeadlessService(rayCluster())).toBeUndefined();
    const service = buildHeadlessService(rayCluster({ groups: [workerGroup("tpu", { numOfHosts: 4 })] }));
    expect(service).toMatchObject({
      metadata: { name: "sample-headless", labels: { "ray.io/headless-worker-svc": "sample" } },
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: { "ray.io/node-type": "worker" } },
    });
  });

  it("serve: all pods of the cluster, and an error without a port for it", () => {
    expect(buildServeService(rayCluster())).toMatchObject({
      metadata: {
        name: "sample-serve-svc",
        labels: { "ray.io/serve": "sample-serve", "ray.io/originated-from-crd": "RayCluster" },
      },
      spec: { type: "ClusterIP", selector: { "ray.io/cluster": "sample" }, ports: [{ name: "serve", port: 8000 }] },
    });
    const ports = [{ containerPort: 6379, name: "gcs-server" }];
    expect(() => buildServeService(rayCluster({ headContainer: { ports } }))).toThrow(
      'must have one with name "serve"',
    );
  });
});

describe("Ingress", () => {
  it("leads to the dashboard, with the cluster's annotations but the class", () => {
    const ingress = buildIngress(
      rayCluster({ head: { enableIngress: true }, annotations: { [annotations.ingressClass]: "nginx", other: "1" } }),
    );
    expect(ingress?.metadata).toMatchObject({ name: "sample-head-ingress", annotations: { other: "1" } });
    expect(ingress?.spec).toEqual({
      ingressClassName: "nginx",
      rules: [
        {
          http: {
            paths: [
              {
                path: "/",
                pathType: "Prefix",
                backend: { service: { name: "sample-head-svc", port: { number: 8265 } } },
              },
            ],
          },
        },
      ],
    });
    expect(buildIngress(rayCluster())).toBeUndefined();
  });

  it("host, path, type and TLS are the user's", () => {
    const ingressOptions = { host: "h", path: "/x", pathType: "Exact", tls: [{ hosts: ["h"], secretName: "s" }] };
    const ingress = buildIngress(rayCluster({ head: { enableIngress: true, ingressOptions } }));
    expect(ingress?.spec?.rules?.[0]).toMatchObject({
      host: "h",
      http: { paths: [{ path: "/x", pathType: "Exact" }] },
    });
    expect(ingress?.spec?.tls).toEqual(ingressOptions.tls);
    expect(ingress?.spec?.ingressClassName).toBeUndefined();
  });
});

describe("Secret, claim, clean-up job", () => {
  it("a token is made only where the user brings none", () => {
    const cluster = rayCluster({ spec: { rayVersion: "2.53.0", authOptions: { mode: "token" } } });
    expect(makesAuthSecret(cluster)).toBe(true);
    expect(Buffer.from(buildAuthSecret(cluster).stringData?.auth_token ?? "", "base64")).toHaveLength(32);
    expect(makesAuthSecret(rayCluster())).toBe(false);
    expect(makesAuthSecret(rayCluster({ spec: { authOptions: { mode: "token", secretName: "mine" } } }))).toBe(false);
  });

  it("a claim for the embedded store, which may outlive the cluster", () => {
    expect(claimOf()).toMatchObject({
      metadata: { name: "sample-gcs-pvc", ownerReferences: [{ kind: "RayCluster" }] },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    expect(claimOf({ deletionPolicy: "Retain" })?.metadata?.ownerReferences).toBeUndefined();
    expect(claimOf({ size: "5Gi", storageClassName: "fast", accessModes: ["ReadWriteOncePod"] })?.spec).toEqual({
      accessModes: ["ReadWriteOncePod"],
      resources: { requests: { storage: "5Gi" } },
      storageClassName: "fast",
    });
    expect(claimOf({ claimName: "mine" })).toBeUndefined();
    expect(buildGcsClaim(rayCluster({ spec: withRedis }))).toBeUndefined();
  });

  it("the job is the head's Ray container and cleans Redis up", () => {
    const job = buildRedisCleanupJob(
      rayCluster({
        spec: withRedis,
        headPod: {
          containers: [{ name: "ray-head", image: "manta" }, { name: "sidecar" }],
          initContainers: [{ name: "own" }],
        },
      }),
      options,
    );
    expect(job.metadata).toMatchObject({
      name: "sample-redis-cleanup",
      labels: { "ray.io/node-type": "redis-cleanup" },
    });
    expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 300 });
    const pod = job.spec?.template.spec;
    expect(pod).toMatchObject({ restartPolicy: "Never", initContainers: [{ name: "own" }] });
    expect(pod?.containers).toHaveLength(1);
    const [container] = pod?.containers ?? [];
    expect(container).toMatchObject({
      image: "manta",
      command: ["manta"],
      args: ["redis-cleanup"],
      resources: { limits: { cpu: "200m", memory: "256Mi" }, requests: { cpu: "200m", memory: "256Mi" } },
    });
    expect(container?.livenessProbe).toBeUndefined();
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "RAY_REDIS_ADDRESS", value: "redis:6379" },
        { name: "RAY_external_storage_namespace", value: "uid-1" },
        { name: "RAY_redis_db_connect_retries", value: "120" },
        { name: "RAY_redis_db_connect_wait_milliseconds", value: "500" },
      ]),
    );
  });
});

describe("what guards a cluster", () => {
  it("budgets: one at a time, idle workers beside", () => {
    const [head, workers] = buildBudgets(rayCluster(), { heads: 2, workers: 5, idleWorkers: 1 });
    expect(head).toMatchObject({ metadata: { name: "sample-head" }, spec: { minAvailable: 1 } });
    expect(workers?.spec).toMatchObject({ minAvailable: 3, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    const [alone] = buildBudgets(rayCluster({ groups: [] }), { heads: 1, workers: 0, idleWorkers: 0 });
    expect(alone?.spec?.minAvailable).toBe(0);
    expect(wantsBudgets(rayCluster({ annotations: { [annotations.disruptionBudget]: "false" } }), options)).toBe(false);
  });

  it("network: by default only the cluster and the operator reach what is not for requests", () => {
    const [head, group] = buildNetworkPolicies(rayCluster(), { ...options, operatorNamespace: "manta" });
    expect(head?.metadata?.name).toBe("sample-head");
    expect(group?.metadata?.name).toBe("sample-workers-small");
    expect(head?.spec?.policyTypes).toEqual(["Ingress"]);
    expect(head?.spec?.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: { "ray.io/cluster": "sample" } } }] },
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "manta" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "manta-operator" } },
          },
        ],
      },
      {
        ports: [
          { protocol: "TCP", port: 8000 },
          { protocol: "TCP", port: 8080 },
        ],
      },
    ]);
  });

  it("network: what the user publishes is reached", () => {
    expect(openOn({ enableIngress: true })).toContainEqual({ protocol: "TCP", port: 8265 });
    expect(openOn({ serviceType: "LoadBalancer" })).toContainEqual({ protocol: "TCP", port: 10001 });
  });

  it("network: modes and rules of the user to the letter", () => {
    const rule = { ports: [{ port: 8000 }] };
    const dns = { ports: [{ port: 53 }] };
    const [head, group] = policiesFor({
      head: { ingressRules: [rule] },
      worker: { egressRules: [dns] },
      workerGroups: [{ groupName: "small", ingressRules: [rule] }],
    });
    expect(head?.spec?.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(head?.spec?.ingress).toHaveLength(3);
    expect(head?.spec?.ingress?.[2]).toEqual(rule);
    expect(head?.spec?.egress).toHaveLength(1);
    expect(group?.spec?.egress?.[1]).toEqual(dns);
    expect(group?.spec?.ingress?.[2]).toEqual(rule);
    expect(policiesFor({ mode: "DenyAllIngress" })[0]?.spec?.egress).toBeUndefined();
    expect(policiesFor({ mode: "DenyAllEgress" })[0]?.spec?.policyTypes).toEqual(["Egress"]);
    expect(policiesFor({ mode: "None" })).toEqual([]);
  });
});
