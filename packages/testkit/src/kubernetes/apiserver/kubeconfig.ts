import { stringify } from "yaml";

/** A kubeconfig that reaches one server with one token. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
export const kubeconfigText = (options: {
  readonly url: string;
  readonly caCert: string | undefined;
  readonly token: string;
  /** Default "default". */
  readonly namespace?: string;
}): string => {
  const { url, caCert, token, namespace = "default" } = options;
  const authority =
    caCert === undefined ? {} : { "certificate-authority-data": Buffer.from(caCert).toString("base64") };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "manta", cluster: { server: url, ...authority } }],
    users: [{ name: "manta", user: { token } }],
    contexts: [{ name: "manta", context: { cluster: "manta", user: "manta", namespace } }],
    "current-context": "manta",
  });
};
