import { z } from "zod";
import type { ActorId, JobId, NodeId, WorkerId } from "../base/ids.ts";

const hex = (digits: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must be ${digits} lower-case hex digits`);

/** The ids of `base/ids` as schemas: a message with a malformed id is refused at the edge. */
export const nodeIdSchema = hex(56) as unknown as z.ZodType<NodeId, NodeId>;
export const workerIdSchema = hex(56) as unknown as z.ZodType<WorkerId, WorkerId>;
export const actorIdSchema = hex(32) as unknown as z.ZodType<ActorId, ActorId>;
export const jobIdSchema = hex(8) as unknown as z.ZodType<JobId, JobId>;
