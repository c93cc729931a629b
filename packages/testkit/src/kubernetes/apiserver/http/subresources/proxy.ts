import { request as httpRequest } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Endpoints, Pod, Service } from "kubernetes-types/core/v1.d.ts";
import { ApiError } from "../../../api/api-error.ts";
import type { KubeObject } from "../../../api/objects.ts";
import { limits } from "../../limits.ts";
import type { ResourceContext } from "../context.ts";

interface Target {
  readonly host: string;
  readonly port: number;
}

const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "authorization",
  "host",
]);

/** `services/{name}:{port}/proxy/…` and `pods/{name}:{port}/proxy/…`: plain HTTP through the API server. https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/ */
export const handleProxy = async (context: ResourceContext): Promise<void> => {
  const { definition, info, request, response } = context;
  const { name, port } = parseName(info.name ?? "");
  const target = definition.plural === "pods" ? podTarget(context, name, port) : serviceTarget(context, name, port);
  const query = info.query.size === 0 ? "" : `?${info.query.toString()}`;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([header]) => !hopByHop.has(header)));
  const onward = httpRequest({
    ...target,
    path: `${info.rest === "" ? "/" : info.rest}${query}`,
    method: request.method,
    headers,
    timeout: limits.proxyTimeoutMs,
  });
  const answered = new Promise<void>((resolve, reject) => {
    onward.once("timeout", () => onward.destroy(new Error(`no answer within ${limits.proxyTimeoutMs} ms`)));
    onward.once("error", (error) =>
      reject(
        new ApiError(
          "ServiceUnavailable",
          `error trying to reach service: dial tcp ${target.host}:${target.port}: ${error.message}`,
        ),
      ),
    );
    onward.once("response", (answer) => {
      const kept = Object.entries(answer.headers).filter(
        ([header, value]) => !hopByHop.has(header) && value !== undefined,
      );
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
      pipeline(answer, response).then(resolve, reject);
    });
  });
  pipeline(request, onward).catch((error: Error) => onward.destroy(error));
  await answered;
};

/** `[scheme:]name[:port]`. */
const parseName = (text: string): { name: string; port: string } => {
  const parts = text.split(":");
  if (parts.length === 3) return { name: parts[1] ?? "", port: parts[2] ?? "" };
  return { name: parts[0] ?? "", port: parts[1] ?? "" };
};

const podTarget = ({ deps, namespace }: ResourceContext, name: string, port: string): Target => {
  const pod = deps.core.store.collection("/pods").get(namespace, name) as (KubeObject & Pod) | undefined;
  if (pod === undefined) throw new ApiError("NotFound", `pods "${name}" not found`, { name, kind: "pods" });
  const host = pod.status?.podIP;
  if (host === undefined || host === "")
    throw new ApiError("BadRequest", `address not allowed: pod "${name}" has no IP yet`);
  const first = pod.spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return { host, port: port === "" ? (first ?? 80) : Number(port) };
};

/** A ready endpoint of the service: no listener of the service itself is needed. */
const serviceTarget = ({ deps, namespace }: ResourceContext, name: string, port: string): Target => {
  const service = deps.core.store.collection("/services").get(namespace, name) as (KubeObject & Service) | undefined;
  if (service === undefined) throw new ApiError("NotFound", `services "${name}" not found`, { name, kind: "services" });
  const ports = service.spec?.ports ?? [];
  const chosen =
    port === ""
      ? ports.length === 1
        ? ports[0]
        : undefined
      : ports.find((each) => each.name === port || String(each.port) === port);
  if (chosen === undefined)
    throw new ApiError("ServiceUnavailable", `no service port "${port}" found for service "${name}"`);
  const endpoints = deps.core.store.collection("/endpoints").get(namespace, name) as
    | (KubeObject & Endpoints)
    | undefined;
  for (const subset of endpoints?.subsets ?? []) {
    const target = (subset.ports ?? []).find((each) => (each.name ?? "") === (chosen.name ?? ""));
    const [address] = subset.addresses ?? [];
    if (target !== undefined && address !== undefined) return { host: address.ip, port: target.port };
  }
  throw new ApiError("ServiceUnavailable", `no endpoints available for service "${name}"`);
};
