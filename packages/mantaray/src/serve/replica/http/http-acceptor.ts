import { MantaError } from "../../../base/errors.ts";
import { resetCodes, type StreamAcceptor } from "../../../rpc/types.ts";
import type { ReplicaHost } from "../replica-host.ts";
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
    if (!host.admission.tryEnter()) {
      stream.reject(host.admission.ongoing);
      return null;
    }
    return new HttpCall(host, stream, head, body, end);
  };
