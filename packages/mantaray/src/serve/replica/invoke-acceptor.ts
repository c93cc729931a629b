import { unpackValue } from "../../actor/index.ts";
import { type InvokeHead, invokeHeadSchema } from "../../protocol/handle-frames.ts";
import { resetCodes, type StreamAcceptor } from "../../rpc/types.ts";
import { isInTime } from "./in-time.ts";
import { InvokeCall } from "./invoke-call.ts";
import type { ReplicaHost } from "./replica-host.ts";

/** Takes streams of kind `invoke`, up to the replica's limit. */
export const invokeAcceptor =
  (host: ReplicaHost): StreamAcceptor =>
  (stream, headBytes, body, end) => {
    if (!isInTime(host, stream) || !host.admission.tryEnter()) {
      stream.reject(host.admission.ongoing);
      return null;
    }
    const head = readHead(headBytes);
    if (head === undefined) {
      host.admission.leave();
      host.log.warn("a call with a malformed head");
      stream.reset(resetCodes.protocolError, "malformed head of a call");
      return null;
    }
    return new InvokeCall(host, stream, head, body, end);
  };

const readHead = (bytes: Buffer): InvokeHead | undefined => {
  try {
    return invokeHeadSchema.parse(unpackValue(bytes));
  } catch {
    // The caller hears of it by the reset.
    return undefined;
  }
};
