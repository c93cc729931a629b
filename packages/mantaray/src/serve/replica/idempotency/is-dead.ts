import { MantaError } from "../../../base/errors.ts";
import { type ReplicaService, replicaService } from "../../../protocol/replica.ts";
import type { RoutingReplica, RoutingSnapshot } from "../../../protocol/routing.ts";
import { type Client, createClient } from "../../../rpc/index.ts";
import type { Link } from "../../../rpc/types.ts";
import type { DeadActors } from "./dead-actors.ts";
import type { Holder } from "./holder.ts";

/** Where the knowledge about other replicas comes from. */
export interface DeathSources {
  readonly dead: DeadActors;
  readonly snapshot: () => RoutingSnapshot | undefined;
  readonly connect: (replica: RoutingReplica) => Promise<Link>;
}

/**
 * Whether a run is over because its process is. Its actor must have been said to be dead; where the routes still
 * name it, it is asked itself, for it may live again. In doubt it lives, until its lease ends.
 */
export const isDeadHolder = async ({ dead, snapshot, connect }: DeathSources, holder: Holder): Promise<boolean> => {
  if (!dead.has(holder.actorId)) return false;
  const replica = Object.values(snapshot()?.deployments ?? {})
    .flatMap(({ replicas }) => replicas)
    .find(({ actorId }) => actorId === holder.actorId);
  if (replica === undefined) return true;
  try {
    const link = await connect(replica);
    try {
      const client: Client<ReplicaService> = createClient(link, replicaService);
      const { life } = await client.metadata({}, { timeoutMs: askTimeoutMs });
      return life !== undefined && life !== holder.life;
    } finally {
      link.close("asked");
    }
  } catch (error) {
    return isRefused(error);
  }
};

const askTimeoutMs = 1_000;

/** Nobody listens there: the kernel of that machine says so. */
const isRefused = (thrown: unknown): boolean => {
  for (let error: unknown = MantaError.from(thrown); error instanceof Error; error = error.cause) {
    const { code } = error as { code?: string };
    if (code === "ECONNREFUSED" || code === "ENOENT") return true;
  }
  return false;
};
