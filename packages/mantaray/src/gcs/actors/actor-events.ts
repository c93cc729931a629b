import type { ActorRecord } from "../../protocol/actor.ts";

/** An entry of the event log about a change that a person wants to know of, if it is one. */
export const describeChange = (
  before: ActorRecord,
  after: ActorRecord,
): { kind: string; message: string; fields: Record<string, string> } | undefined => {
  const entry = (kind: string, what: string) => ({ kind, message: `${title(after)} ${what}`, fields: fieldsOf(after) });
  if (after.state === before.state && after.restarts === before.restarts) return undefined;
  const cause = after.deathCause === null ? "" : `: ${after.deathCause.kind}, ${after.deathCause.message}`;
  if (after.state === "DEAD") return entry("actor_died", `died${cause}`);
  if (after.state === "RESTARTING" && after.restarts > before.restarts)
    return entry("actor_restarting", `restarts${cause}`);
  if (after.state === "ALIVE" && before.state === "RESTARTING")
    return entry("actor_restarted", `is back, pid ${after.pid}`);
  return undefined;
};

const title = ({ actorId, spec }: ActorRecord): string =>
  `${spec.className}${spec.name === "" ? "" : ` ${spec.name}`} (${actorId.slice(0, 8)})`;

const fieldsOf = ({ actorId, spec, nodeId, restarts }: ActorRecord): Record<string, string> => ({
  actorId,
  className: spec.className,
  name: spec.name,
  nodeId: nodeId ?? "",
  restarts: String(restarts),
});
