import type { ErrorCode } from "../../base/error-codes.ts";
import { type ResetCode, resetCodes } from "../../rpc/types.ts";
import type { RequestFailure } from "./outbound-request.ts";

const failure = (code: ErrorCode, message: string, responded = false): RequestFailure => ({ code, message, responded });

const deploymentName = (app: string, deployment: string): string => `Deployment(name='${deployment}', app='${app}')`;

/** Why a request could not be repeated. */
interface LostDetails {
  readonly repeatable: boolean;
  readonly replayable: boolean;
  readonly executions: number;
}

/** Every way a request fails in a router, with its text. Texts that the reference has are its words. */
export const failures = {
  queueFull: (queued: number, max: number): RequestFailure =>
    failure(
      "queue_full",
      `Request dropped due to backpressure (num_queued_requests=${queued}, max_queued_requests=${max}).`,
    ),
  deadline: (): RequestFailure => failure("deadline_exceeded", "The deadline passed before the answer was complete."),
  unavailable: (app: string, deployment: string): RequestFailure =>
    failure("deployment_unavailable", `${deploymentName(app, deployment)} is unavailable because it failed to deploy.`),
  unknown: (key: string): RequestFailure => failure("not_found", `There is no deployment ${JSON.stringify(key)}.`),
  noSnapshot: (): RequestFailure => failure("unavailable", "Route table is not populated yet."),
  closing: (): RequestFailure => failure("draining", "This process is shutting down."),
  budget: (): RequestFailure =>
    failure("actor_died", "The replica that had the request died, and too many requests are being repeated already."),
  cut: (replicaId: string, reason: string): RequestFailure =>
    failure("link_lost", `The answer of replica ${replicaId} broke off: ${reason}`, true),
  lost: (replicaId: string, { repeatable, replayable, executions }: LostDetails): RequestFailure => {
    const why = !repeatable
      ? "it may have run, and nothing says that it may run twice"
      : replayable
        ? `${executions} replicas died while it ran`
        : "its body is too large to be kept for another replica";
    return failure("actor_died", `Replica ${replicaId} died with the request, which was not sent again: ${why}.`);
  },
  fromReset: (code: ResetCode, message: string): RequestFailure => failure(codeOfReset(code), message),
} as const;

const codeOfReset = (code: ResetCode): ErrorCode => {
  switch (code) {
    case resetCodes.deadlineExceeded:
      return "deadline_exceeded";
    case resetCodes.protocolError:
      return "protocol_error";
    case resetCodes.tooLarge:
      return "payload_too_large";
    case resetCodes.canceled:
    case resetCodes.internal:
    case resetCodes.refused:
    case resetCodes.draining:
    case resetCodes.linkLost:
      return "internal";
    default:
      return code satisfies never;
  }
};
