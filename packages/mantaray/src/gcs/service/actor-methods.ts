import { MantaError } from "../../base/errors.ts";
import type { ActorId } from "../../base/ids.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { Cluster } from "../cluster.ts";
import { admit } from "./admission.ts";
import type { Methods } from "./methods.ts";

/** Making, ending and finding actors. */
export const actorMethods = (
  cluster: Cluster,
): Methods<"createActor" | "killActor" | "removeActor" | "getActor" | "listActors"> => ({
  createActor: async ({ spec }, { peer }) => {
    if (spec.name !== "") await cluster.namesKnown;
    const admission = admit(cluster, peer, true);
    const actor = cluster.actors.create(spec);
    try {
      await admission.acknowledged();
    } catch (error) {
      undoCreation(cluster, actor.actorId);
      throw error;
    }
    return { actor };
  },
  killActor: async ({ actorId, noRestart, graceMs, reason }, { peer }) => {
    const admission = admit(cluster, peer, true);
    await cluster.actors.stop(actorId, { noRestart, replace: true, graceMs, reason });
    await admission.acknowledged();
    return {};
  },
  removeActor: async ({ actorId, graceMs, reason }, { peer }) => {
    const admission = admit(cluster, peer, true);
    await cluster.actors.stop(actorId, { noRestart: true, replace: false, graceMs, reason });
    await admission.acknowledged();
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

/** Its caller hears that there is none and may ask again. */
const undoCreation = ({ actors }: Cluster, actorId: ActorId): void => {
  const reason = "its creation could not be stored";
  actors.stop(actorId, { noRestart: true, replace: false, graceMs: 0, reason }).catch(() => undefined);
};
