import { randomBytes } from "node:crypto";
import type { Pod, PodSpec, ServiceAccount } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { AdmissionPlugin } from "../engine/admission-plugin.ts";
import { forbidden } from "../engine/write-request.ts";
import type { Store } from "../storage/store.ts";

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An hour and what the reference adds so that clients which do not reload it early get by. */
const tokenSeconds = 3607;
const fileMode = 0o644;

/** Every pod runs as a service account and finds its token. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller */
export const serviceAccountAdmission = (store: Store): AdmissionPlugin => ({
  mutate: ({ operation, definition, object, namespace, name }) => {
    if (operation !== "CREATE" || definition.storage !== "/pods") return;
    const { spec } = object as KubeObject & Pod;
    if (spec === undefined || typeof spec !== "object" || !Array.isArray(spec.containers)) return;
    spec.serviceAccountName ||= spec.serviceAccount || "default";
    const account = store.collection("/serviceaccounts").get(namespace, spec.serviceAccountName) as
      | (KubeObject & ServiceAccount)
      | undefined;
    if (account === undefined) {
      const text = `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`;
      throw forbidden(definition, name, text);
    }
    if (spec.imagePullSecrets === undefined && account.imagePullSecrets !== undefined)
      spec.imagePullSecrets = [...account.imagePullSecrets];
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec);
  },
});

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume */
const mountToken = (spec: PodSpec): void => {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const without = containers.filter(
    ({ volumeMounts }) => !(volumeMounts ?? []).some((mount) => mount.mountPath === mountPath),
  );
  if (without.length === 0) return;
  const name = `kube-api-access-${randomBytes(3).toString("hex").slice(0, 5)}`;
  for (const container of without)
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] },
    },
  ];
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources, defaultMode: fileMode } }];
};
