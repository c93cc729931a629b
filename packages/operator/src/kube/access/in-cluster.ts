import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiAccess } from "./api-access.ts";
import { TokenFile } from "./token-file.ts";

/** Where Kubernetes mounts a service account. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const serviceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Access from inside a pod by its service account; undefined outside of one. */
export const inClusterAccess = (
  env: Readonly<Record<string, string | undefined>>,
  dir: string = serviceAccountDir,
): ApiAccess | undefined => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (host === undefined || port === undefined || !existsSync(join(dir, "token"))) return undefined;
  const token = new TokenFile(join(dir, "token"));
  const namespaceFile = join(dir, "namespace");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, "utf8").trim() : undefined,
    tls: () => ({ ca: readFileSync(join(dir, "ca.crt")) }),
    headers: () => Promise.resolve({ authorization: `Bearer ${token.read()}` }),
    onUnauthorized: () => token.forget(),
  };
};
