import type { Service } from "kubernetes-types/core/v1.d.ts";

/** What traffic depends on in a Service, in one form whether the API server has filled in its defaults or not. */
export const kubernetesServiceFields = (service: Service): unknown => ({
  selector: service.spec?.selector ?? {},
  type: service.spec?.type ?? "ClusterIP",
  ports: (service.spec?.ports ?? [])
    .map(({ name, port, protocol, targetPort }) => [name ?? "", port, protocol ?? "TCP", targetPort ?? port])
    .toSorted((left, right) => String(left).localeCompare(String(right))),
});
