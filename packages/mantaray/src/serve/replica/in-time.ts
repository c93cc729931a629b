import type { InStream } from "../../rpc/types.ts";
import type { ReplicaHost } from "./replica-host.ts";

/**
 * Whether the deadline of a stream that was just read may still be ahead. One that may have passed unread is
 * rejected, which runs nothing: its caller has given it up, or sends it again with the time that is left.
 */
export const isInTime = ({ admission, stall }: ReplicaHost, { deadlineMs }: InStream): boolean => {
  if (deadlineMs === 0 || stall.unreadMaxMs() < deadlineMs) return true;
  admission.expired += 1;
  return false;
};
