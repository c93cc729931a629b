/** Actor module "serve-replica": one process hosts one replica of one deployment. */
import { MantaError } from "../../base/errors.ts";
import { systemRandom } from "../../base/random.ts";
import { type ReplicaArgs, replicaArgsSchema } from "../../protocol/replica.ts";
import type { ActorContext, CreateActor } from "../../worker/actor-module.ts";
import { createRouterPool, type RouterPool } from "../routing/index.ts";
import { loadApplication } from "./load-application.ts";
import { prepareProcess } from "./prepare-process.ts";
import { Replica } from "./replica.ts";

/** Loads the application's bundle, makes the replica's object and serves it. Rejects with what the user's code throws. */
export const createActor: CreateActor = async (context, rawArgs) => {
  const args = parseArgs(rawArgs);
  const log = context.log.child({ replicaId: args.replicaId });
  prepareProcess(log, args.envVars ?? {});
  const path = await context.fetchBundle(args.bundleId);
  const { exportName, builderArgs } = args;
  const graph = await loadApplication({ path, exportName, builderArgs });
  const routers = followRouting(context);
  const replica = await Replica.create({ args, graph, routers, clock: context.clock, log });
  return {
    onLink: (link) => replica.onLink(link),
    shutdown: (graceMs) => replica.shutdown(graceMs),
  };
};

const parseArgs = (rawArgs: unknown): ReplicaArgs => {
  const parsed = replicaArgsSchema.safeParse(rawArgs);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new MantaError("invalid_argument", `replica arguments: ${issue?.path.join(".")}: ${issue?.message}`);
};

const followRouting = (context: ActorContext): RouterPool => {
  const routers = createRouterPool({
    nodeId: context.nodeId,
    preferLocal: false,
    connect: (replica) => context.connect(replica),
    clock: context.clock,
    random: systemRandom,
    log: context.log,
  });
  const { routing } = context;
  if (routing.snapshot !== undefined) routers.update(routing.snapshot);
  routing.onSnapshot((snapshot) => routers.update(snapshot));
  routing.onDown((actorIds) => routers.down(actorIds));
  return routers;
};
