import { MantaError } from "../../../base/errors.ts";
import { requestFlags } from "../../../protocol/http-frames.ts";
import { type InStream, type InStreamHandler, resetCodes, type StreamAcceptor } from "../../../rpc/types.ts";
import { KeyedCall } from "../idempotency/keyed-call.ts";
import { isInTime } from "../in-time.ts";
import type { ReplicaHost } from "../replica-host.ts";
import { WebSocketCall } from "../websocket/web-socket-call.ts";
import { HttpCall } from "./http-call.ts";
import { RequestHead } from "./request-head.ts";

/** Takes streams of kind `http`, up to the replica's limit. */
export const httpAcceptor =
  (host: ReplicaHost): StreamAcceptor =>
  (stream, headBytes, body, end) => {
    let head: RequestHead;
    try {
      head = new RequestHead(headBytes);
    } catch (error) {
      host.log.warn({ err: error }, "a request with a malformed head");
      stream.reset(resetCodes.protocolError, MantaError.from(error).rawMessage);
      return null;
    }
    if (!isInTime(host, stream) || !host.admission.tryEnter()) {
      stream.reject(host.admission.ongoing);
      return null;
    }
    if ((head.flags & requestFlags.upgrade) !== 0) return onUpgrade(host, stream, head);
    if ((head.flags & requestFlags.keyed) !== 0) return new KeyedCall(host, stream, head, body, end);
    return new HttpCall(host, stream, head, body, end);
  };

/** Its stream is open in both directions. For who has no use for that, it is a request without a body. */
const onUpgrade = (host: ReplicaHost, stream: InStream, head: RequestHead): InStreamHandler => {
  const { websocket } = host.served;
  if (websocket !== undefined) return new WebSocketCall(host, stream, head, websocket);
  return new HttpCall(host, stream, head, Buffer.alloc(0), true);
};
