import { beforeAll, describe, expect, test } from "vitest";
import { type Connect, configMap, type Status, useCluster } from "./suite.ts";

const rbac = "rbac.authorization.k8s.io/v1";

/** Service accounts' tokens and RBAC. https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export const describeAuthorization = (connect: Connect): void => {
  describe("authorization", () => {
    const cluster = useCluster(connect);
    let token = "";

    beforeAll(async () => {
      await cluster.client.ok("POST", cluster.path("serviceaccounts"), { body: { metadata: { name: "reader" } } });
      const body = {
        metadata: { name: "reader" },
        rules: [
          { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] },
          { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["create"] },
        ],
      };
      await cluster.client.ok("POST", cluster.path("roles", rbac), { body });
      const binding = {
        metadata: { name: "reader" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ kind: "ServiceAccount", name: "reader", namespace: cluster.namespace }],
      };
      await cluster.client.ok("POST", cluster.path("rolebindings", rbac), { body: binding });
      const request = await cluster.client.ok("POST", cluster.path("serviceaccounts/reader/token"), {
        body: { spec: { expirationSeconds: 3600 } },
      });
      token = (request["status"] as { token: string }).token;
    });

    test("a role allows what it says and no more", async () => {
      const reader = cluster.client.as(token);
      expect((await reader.request("GET", cluster.path("configmaps"))).status).toBe(200);
      const { status, body } = await reader.request<Status>("POST", cluster.path("configmaps"), {
        body: configMap("denied"),
      });
      expect(status).toBe(403);
      expect(body.message).toBe(
        `configmaps is forbidden: User "system:serviceaccount:${cluster.namespace}:reader" cannot create resource "configmaps" in API group "" in the namespace "${cluster.namespace}"`,
      );
      expect((await reader.request("GET", "/api/v1/namespaces/default/configmaps")).status).toBe(403);
      reader.close();
    });

    test("nobody grants what they do not hold", async () => {
      const reader = cluster.client.as(token);
      const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
      const { status, body } = await reader.request<Status>("POST", cluster.path("roles", rbac), {
        body: { metadata: { name: "more" }, rules },
      });
      expect(status).toBe(403);
      expect(body.message).toContain("is attempting to grant RBAC permissions not currently held");
      reader.close();
    });

    test("a token that nobody gave is 401", async () => {
      const stranger = cluster.client.as("not-a-token");
      expect((await stranger.request("GET", cluster.path("configmaps"))).status).toBe(401);
      stranger.close();
    });

    test("access reviews say what a user may do", async () => {
      const reader = cluster.client.as(token);
      const ask = async (verb: string): Promise<unknown> => {
        const resourceAttributes = { namespace: cluster.namespace, verb, resource: "configmaps" };
        const body = {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes },
        };
        const review = await reader.ok("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { body });
        return (review["status"] as { allowed: boolean }).allowed;
      };
      expect([await ask("list"), await ask("delete")]).toEqual([true, false]);
      reader.close();
    });
  });
};
