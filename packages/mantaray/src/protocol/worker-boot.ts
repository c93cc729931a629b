import { z } from "zod";
import { workerIdSchema } from "./ids.ts";

/** Environment variable by which an agent tells a new worker what it is: JSON of `WorkerBoot`. */
export const workerBootVariable = "MANTA_WORKER_BOOT";

/** All a worker needs before it can ask its agent. */
export const workerBootSchema = z.object({
  workerId: workerIdSchema,
  /** The agent's own address, `unix:/path`. */
  agentAddress: z.string(),
  /** Where the worker listens once it hosts an actor, `unix:/path`. */
  listenAddress: z.string(),
  /** Its node leads, or waits to: the worker may become the controller. */
  mayControl: z.boolean().default(false),
});
export type WorkerBoot = z.infer<typeof workerBootSchema>;
