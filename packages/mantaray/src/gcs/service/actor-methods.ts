import { MantaError } from "../../base/errors.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { Cluster } from "../cluster.ts";
import type { Methods } from "./methods.ts";

/** Making, ending and finding actors. */
export const actorMethods = (
  cluster: Cluster,
): Methods<"createActor" | "killActor" | "removeActor" | "getActor" | "listActors"> => ({
  createActor: async ({ spec }) => {
    const actor = cluster.actors.create(spec);
    await cluster.ledger.settled();
    return { actor };
  },
  killActor: async ({ actorId, noRestart, graceMs, reason }) => {
    await cluster.actors.stop(actorId, { noRestart, replace: true, graceMs, reason });
    return {};
  },
  removeActor: async ({ actorId, graceMs, reason }) => {
    await cluster.actors.stop(actorId, { noRestart: true, replace: false, graceMs, reason });
    return {};
  },
  getActor: ({ name, namespace }) => {
    const actor = name === "" ? undefined : cluster.actorTable.named(namespace, name);
    if (actor === undefined) {
      const what = `actor named ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`;
      throw new MantaError("not_found", `there never was an ${what}`);
    }
    return { actor };
  },
  listActors: ({ className, namespace, states, actorIds }) => {
    const candidates =
      actorIds === undefined
        ? [...cluster.actorTable.all()]
        : [...new Set(actorIds)].flatMap((actorId) => cluster.actorTable.get(actorId) ?? []);
    const isAskedFor = ({ spec, state }: ActorRecord): boolean =>
      (className === undefined || spec.className === className) &&
      (namespace === undefined || spec.namespace === namespace) &&
      (states === undefined || states.includes(state));
    return { actors: candidates.filter(isAskedFor) };
  },
});
