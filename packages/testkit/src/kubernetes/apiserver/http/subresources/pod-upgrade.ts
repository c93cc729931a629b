import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { ApiError } from "../../../api/api-error.ts";
import type { PodStreams, PodUpgradeRequest } from "../../pod-streams.ts";
import type { ResourceContext } from "../context.ts";
import { currentOf } from "../resource-handler.ts";
import { asApiError } from "../respond.ts";

const verbs: Readonly<Record<string, keyof Omit<PodStreams, "log">>> = {
  exec: "exec",
  attach: "attach",
  portforward: "portForward",
};

/** `pods/{exec,attach,portforward}` by an upgraded connection, which the kubelet serves. */
export const handlePodUpgrade = async (context: ResourceContext, socket: Duplex, head: Buffer): Promise<void> => {
  const { info, request, deps } = context;
  const verb = verbs[info.subresource ?? ""];
  if (verb === undefined) throw new ApiError("NotFound", "the server could not find the requested resource");
  const streams = deps.podStreams();
  if (streams === undefined) throw new ApiError("ServiceUnavailable", "no kubelet is connected to this API server");
  const upgrade: PodUpgradeRequest = { pod: currentOf(context), query: info.query, request, socket, head };
  await streams[verb](upgrade);
};

/** Answers an upgrade that is refused, as HTTP. */
export const refuseUpgrade = (_request: IncomingMessage, socket: Duplex, error: unknown): void => {
  const refusal = asApiError(error);
  const body = JSON.stringify(refusal.status);
  const lines = [
    `HTTP/1.1 ${refusal.code} ${refusal.reason}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
};
