/** Actor module "serve-replica": one process hosts one replica of one deployment. */
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { type ReplicaArgs, replicaArgsSchema } from "../../protocol/replica.ts";
import { deploymentKey } from "../../protocol/routing.ts";
import type { ActorContext, CreateActor } from "../../worker/actor-module.ts";
import { createRouterPool, type RouterPool } from "../routing/index.ts";
import { DeadActors } from "./idempotency/dead-actors.ts";
import { isDeadHolder } from "./idempotency/is-dead.ts";
import { openKeyStore } from "./idempotency/open-store.ts";
import { type IdempotencyRules, RunOnce } from "./idempotency/run-once.ts";
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
  const runOnce = createRunOnce(context, args, log);
  const replica = await Replica.create({ args, graph, routers, runOnce, clock: context.clock, log });
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

/** Its rules are those of the newest snapshot: they change without a new replica. */
const createRunOnce = (context: ActorContext, { app, deployment }: ReplicaArgs, log: Log): RunOnce => {
  const { actorId, nodeId, clock, routing } = context;
  const dead = new DeadActors();
  routing.onDown((actorIds) => dead.add(actorIds));
  // The application may change its environment.
  const env = { ...process.env };
  return new RunOnce({
    actorId,
    openStore: () => openKeyStore({ env, nodeId, snapshot: routing.snapshot, clock, log }),
    rules: () => routing.snapshot?.deployments[deploymentKey(app, deployment)]?.idempotency ?? defaultRules,
    isDead: (holder) =>
      isDeadHolder({ dead, snapshot: () => routing.snapshot, connect: (replica) => context.connect(replica) }, holder),
    clock,
    log,
  });
};

/** A proxy may know the deployment before our node does. */
const defaultRules: IdempotencyRules = { ttlMs: 24 * 3_600_000, responseBytesMax: 1024 * 1024, failOpen: false };
