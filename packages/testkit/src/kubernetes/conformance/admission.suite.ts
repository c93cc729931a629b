import { describe, expect, test } from "vitest";
import { type Connect, type Status, type SuiteCluster, unscheduledPod, useCluster } from "./suite.ts";

/** Defaults, validation and admission of built-in kinds. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/ */
export const describeAdmission = (connect: Connect): void => {
  describe("admission", () => {
    const cluster = useCluster(connect);
    podCases(cluster);
    otherCases(cluster);
  });

  describe("pod security", () => {
    const cluster = useCluster(connect, { "pod-security.kubernetes.io/enforce": "restricted" });

    test("a namespace that enforces the restricted standard refuses what breaks it, and takes what keeps it", async () => {
      const { status, body } = await cluster.client.request<Status>("POST", cluster.path("pods"), {
        body: unscheduledPod("loose"),
      });
      expect(status).toBe(403);
      expect(body.message).toContain(
        'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set',
      );
      const securityContext = {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      };
      const strict = unscheduledPod("strict", {
        containers: [{ name: "main", image: "example.com/none:1", securityContext }],
      });
      expect((await cluster.client.request("POST", cluster.path("pods"), { body: strict })).status).toBe(201);
    });
  });
};

const podCases = (cluster: SuiteCluster): void => {
  test("a pod gets its defaults and its service account's token", async () => {
    const body = unscheduledPod("defaults", {
      containers: [
        {
          name: "main",
          image: "example.com/app",
          resources: { limits: { cpu: "1000m", memory: "1Gi" } },
          readinessProbe: { httpGet: { port: 80 } },
        },
      ],
    });
    const pod = await cluster.client.ok("POST", cluster.path("pods"), { body });
    expect(pod["spec"]).toMatchObject({
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
      serviceAccountName: "default",
      containers: [
        {
          imagePullPolicy: "Always",
          resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } },
          readinessProbe: {
            httpGet: { path: "/", scheme: "HTTP" },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          volumeMounts: [{ mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true }],
        },
      ],
    });
    expect(pod["status"]).toMatchObject({ phase: "Pending", qosClass: "Guaranteed" });
  });

  test("all that is wrong with a pod is told at once, with its causes", async () => {
    const body = unscheduledPod("Bad_Name", { containers: [{ name: "a b", image: "" }], restartPolicy: "Sometimes" });
    const { status, body: refusal } = await cluster.client.request<Status>("POST", cluster.path("pods"), { body });
    expect(status).toBe(422);
    expect(refusal.reason).toBe("Invalid");
    expect(refusal.details?.causes?.map(({ field }) => field)).toEqual(
      expect.arrayContaining([
        "metadata.name",
        "spec.containers[0].name",
        "spec.containers[0].image",
        "spec.restartPolicy",
      ]),
    );
  });

  test("a pod's spec does not change but for its images", async () => {
    await cluster.client.ok("POST", cluster.path("pods"), { body: unscheduledPod("fixed") });
    const patch = (body: object): Promise<{ status: number; body: Status }> =>
      cluster.client.request<Status>("PATCH", cluster.path("pods/fixed"), {
        body,
        contentType: "application/strategic-merge-patch+json",
      });
    expect((await patch({ spec: { containers: [{ name: "main", image: "example.com/none:2" }] } })).status).toBe(200);
    const refused = await patch({ spec: { dnsPolicy: "Default" } });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain("pod updates may not change fields other than");
  });
};

const otherCases = (cluster: SuiteCluster): void => {
  test("a Service gets a cluster IP that it keeps; a headless one has none", async () => {
    const service = await cluster.client.ok("POST", cluster.path("services"), {
      body: { metadata: { name: "svc" }, spec: { ports: [{ port: 80 }] } },
    });
    expect(service["spec"]).toMatchObject({
      type: "ClusterIP",
      clusterIP: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      ports: [{ port: 80, targetPort: 80, protocol: "TCP" }],
      sessionAffinity: "None",
    });
    const { status, body } = await cluster.client.request<Status>("PATCH", cluster.path("services/svc"), {
      body: { spec: { clusterIP: "10.255.255.1", clusterIPs: ["10.255.255.1"] } },
      contentType: "application/merge-patch+json",
    });
    expect(status).toBe(422);
    expect(body.message).toContain("may not change once set");
    const headless = { metadata: { name: "headless" }, spec: { clusterIP: "None", ports: [{ port: 80 }] } };
    expect((await cluster.client.ok("POST", cluster.path("services"), { body: headless }))["spec"]).toMatchObject({
      clusterIP: "None",
    });
  });

  test("a label that is none is refused with the rule it breaks", async () => {
    const { status, body } = await cluster.client.request<Status>("POST", cluster.path("configmaps"), {
      body: { metadata: { name: "labels", labels: { a: "not ok" } } },
    });
    expect(status).toBe(422);
    expect(body.message).toContain("a valid label must be an empty string or consist of alphanumeric characters");
  });

  test("nothing is created in a namespace that is not there", async () => {
    const { status, body } = await cluster.client.request<Status>(
      "POST",
      "/api/v1/namespaces/no-such-namespace/configmaps",
      { body: { metadata: { name: "a" } } },
    );
    expect(status).toBe(404);
    expect(body.message).toBe('namespaces "no-such-namespace" not found');
  });

  test("a ResourceQuota refuses the pod that exceeds it", async () => {
    const quota = { metadata: { name: "small" }, spec: { hard: { "requests.cpu": "1", "requests.memory": "1Gi" } } };
    await cluster.client.ok("POST", cluster.path("resourcequotas"), { body: quota });
    const resources = { requests: { cpu: "2", memory: "100Mi" } };
    const body = unscheduledPod("big", { containers: [{ name: "main", image: "example.com/none:1", resources }] });
    const { status, body: refusal } = await cluster.client.request<Status>("POST", cluster.path("pods"), { body });
    expect(status).toBe(403);
    expect(refusal.message).toContain('pods "big" is forbidden: exceeded quota: small, requested: requests.cpu=2');
    expect(refusal.message).toContain("limited: requests.cpu=1");
    await cluster.client.ok("DELETE", cluster.path("resourcequotas/small"));
  });
};
