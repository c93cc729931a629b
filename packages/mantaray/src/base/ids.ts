import { randomBytes } from "node:crypto";
import { MantaError } from "./errors.ts";

/**
 * Branded ids in the reference's formats: a node id is 28 bytes, an actor id 16 bytes of which the
 * last 4 are the job id, all as lower-case hex. They are made only here.
 */
declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

export type NodeId = Brand<"NodeId">;
export type WorkerId = Brand<"WorkerId">;
export type ActorId = Brand<"ActorId">;
export type JobId = Brand<"JobId">;

const hexLengths = { NodeId: 56, WorkerId: 56, ActorId: 32 } as const;

const parse = <Name extends keyof typeof hexLengths>(name: Name, text: string): Brand<Name> => {
  const length = hexLengths[name];
  if (text.length !== length || !/^[0-9a-f]+$/.test(text)) {
    throw new MantaError(
      "invalid_argument",
      `${name} must be ${length} lower-case hex digits, got ${JSON.stringify(text)}`,
    );
  }
  return text as Brand<Name>;
};

export const parseNodeId = (text: string): NodeId => parse("NodeId", text);
export const parseWorkerId = (text: string): WorkerId => parse("WorkerId", text);
export const parseActorId = (text: string): ActorId => parse("ActorId", text);

/** The job all of Serve's actors belong to. */
export const serveJobId: JobId = "01000000" as JobId;

export const newNodeId = (): NodeId => randomBytes(28).toString("hex") as NodeId;
export const newWorkerId = (): WorkerId => randomBytes(28).toString("hex") as WorkerId;
export const newActorId = (job: JobId = serveJobId): ActorId => (randomBytes(12).toString("hex") + job) as ActorId;

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** The random tail of a replica id: 8 characters of a-z0-9. */
export const newReplicaSuffix = (): string =>
  Array.from(randomBytes(8), (byte) => alphabet[byte % alphabet.length]).join("");
