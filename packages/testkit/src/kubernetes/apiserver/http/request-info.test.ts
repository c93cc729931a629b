import { describe, expect, test } from "vitest";
import { parseRequest } from "./request-info.ts";

describe("request lines", () => {
  test.each([
    ["GET", "/api/v1/pods", { verb: "list", group: "", resource: "pods", namespace: undefined }],
    ["GET", "/api/v1/namespaces/a/pods?watch=true", { verb: "watch", namespace: "a", resource: "pods" }],
    ["GET", "/api/v1/namespaces/a/pods/p/log", { verb: "get", name: "p", subresource: "log" }],
    ["GET", "/api/v1/namespaces/a", { verb: "get", resource: "namespaces", name: "a", namespace: "a" }],
    [
      "PUT",
      "/api/v1/namespaces/a/finalize",
      { verb: "update", resource: "namespaces", name: "a", subresource: "finalize" },
    ],
    ["DELETE", "/apis/apps/v1/namespaces/a/deployments", { verb: "deletecollection", group: "apps", version: "v1" }],
    [
      "PATCH",
      "/apis/ray.io/v1/namespaces/a/rayclusters/c/status",
      { verb: "patch", group: "ray.io", subresource: "status" },
    ],
    [
      "GET",
      "/api/v1/namespaces/a/services/s:http/proxy/x/y?z=1",
      { name: "s:http", subresource: "proxy", rest: "/x/y" },
    ],
  ])("%s %s", (method, url, expected) => {
    expect(parseRequest(method, url)).toMatchObject({ kind: "resource", ...expected });
  });

  test.each(["/", "/healthz", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/openapi/v3/api/v1"])(
    "%s is no resource's",
    (url) => {
      expect(parseRequest("GET", url)).toMatchObject({ kind: "path", verb: "get", path: url });
    },
  );
});
