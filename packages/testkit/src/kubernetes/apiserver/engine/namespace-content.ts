import type { ApiAccess } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";

/**
 * Puts into each namespace what pods need to be created at all: the `default` service account and the certificate of
 * the API server. Kubernetes does it by controllers; done at once here, a namespace is usable as soon as it is there.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
 */
export const fillNamespaces = (access: ApiAccess, caCert: string): { close(): void } =>
  access.watch(resources.namespaces, {}, ({ type, object }) => {
    if (type !== "ADDED") return;
    const namespace = object.metadata.name;
    const caBundle = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-root-ca.crt", namespace },
      data: { "ca.crt": caCert },
    };
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
    access.create(resources.serviceAccounts, account as KubeObject).catch(ignoreExisting);
    access.create(resources.configMaps, caBundle as KubeObject).catch(ignoreExisting);
  });

const ignoreExisting = (error: unknown): void => {
  if (error instanceof ApiError && ["AlreadyExists", "NotFound", "Forbidden"].includes(error.reason)) return;
  throw error;
};
