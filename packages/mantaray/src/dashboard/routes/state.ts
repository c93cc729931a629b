import { MantaError } from "../../base/errors.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { ApiRequest } from "../http/api-request.ts";
import { jsonReply, type Reply, restStatus } from "../http/reply.ts";
import type { Route } from "../http/router.ts";
import { actorState } from "../state/actor-state.ts";
import { summarizeActors } from "../state/actor-summary.ts";
import { nodeState } from "../state/node-state.ts";
import { meetsFilters } from "../state/state-filter.ts";
import { stateList } from "../state/state-list.ts";
import { parseStateQuery } from "../state/state-query.ts";
import type { StateResource } from "../state/state-row.ts";

type Fetch<Item> = (timeoutMs: number) => Promise<readonly Item[]>;

/** The State API (reference, section 2.4). */
export const stateRoutes = (controlPlane: ControlPlane): readonly Route[] => {
  const actors: Fetch<ActorRecord> = async (timeoutMs) =>
    (await (await controlPlane.gcs()).listActors({}, { timeoutMs })).actors;
  const nodes: Fetch<NodeRecord> = async (timeoutMs) =>
    (await (await controlPlane.gcs()).listNodes({}, { timeoutMs })).nodes;
  return [
    // Before the routes with an id, which would take "summarize" for one.
    { method: "GET", path: "/api/v0/actors/summarize", handler: (request) => answer(() => summarize(actors, request)) },
    ...resourceRoutes(actorState, actors),
    ...resourceRoutes(nodeState, nodes),
  ];
};

const resourceRoutes = <Item>(resource: StateResource<Item>, fetch: Fetch<Item>): readonly Route[] => [
  {
    method: "GET",
    path: `/api/v0/${resource.name}`,
    handler: (request) =>
      answer(async () => {
        const query = parseStateQuery(request.query, resource.filterColumns);
        return stateList(resource, await fetch(query.timeoutMs), query);
      }),
  },
  {
    method: "GET",
    path: `/api/v0/${resource.name}/{id}`,
    handler: (request) => answer(() => one(resource, fetch, request)),
  },
];

/** One entry with all its columns, in the envelope of a list. */
const one = async <Item>(resource: StateResource<Item>, fetch: Fetch<Item>, request: ApiRequest): Promise<unknown> => {
  const id = request.params.id ?? "";
  const query = parseStateQuery(request.query, resource.filterColumns);
  const filter = { key: resource.idColumn, predicate: "=", value: id } as const;
  const list = stateList(resource, await fetch(query.timeoutMs), {
    ...query,
    limit: 1,
    detail: true,
    filters: [filter],
  });
  if (list.result.length === 0) {
    throw new MantaError("not_found", `there is no entry ${JSON.stringify(id)} among ${resource.name}`);
  }
  return list;
};

const summarize = async (fetch: Fetch<ActorRecord>, request: ApiRequest): Promise<unknown> => {
  const query = parseStateQuery(request.query, actorState.filterColumns);
  const all = await fetch(query.timeoutMs);
  const met = all.filter((actor) =>
    meetsFilters({ ...actorState.row(actor), ...actorState.detailRow(actor) }, query.filters),
  );
  return {
    total: all.length,
    num_after_truncation: all.length,
    num_filtered: met.length,
    result: summarizeActors(met),
    partial_failure_warning: "",
    warnings: null,
  };
};

const answer = async (work: () => Promise<unknown>): Promise<Reply> => {
  try {
    return jsonReply(200, { result: true, msg: "", data: { result: await work() } });
  } catch (thrown) {
    const error = MantaError.from(thrown);
    return jsonReply(restStatus(error), { result: false, msg: error.rawMessage, data: { result: null } });
  }
};
