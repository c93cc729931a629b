import { z } from "zod";
import type { HttpClient } from "../service/http-call.ts";
import type { ServeAddress } from "../service/serve-client.ts";
import { autoscalerLimits } from "./limits.ts";

const amountsSchema = z.record(z.string(), z.number());

const demandSchema = z.object({
  resources: amountsSchema,
  group: z.string().exactOptional(),
  groupPerNodeMax: z.number().exactOptional(),
  count: z.number().int().positive(),
});

const nodeSchema = z.object({
  nodeId: z.string(),
  ip: z.string(),
  state: z.literal("ALIVE"),
  isHead: z.boolean(),
  draining: z.boolean(),
  resources: amountsSchema,
  used: amountsSchema,
  actors: z.number(),
  groups: z.record(z.string(), z.number()),
});

const answerSchema = z.object({
  data: z.object({
    clusterStatus: z.object({
      nodes: z.array(z.discriminatedUnion("state", [nodeSchema, z.object({ state: z.literal("DEAD") })])),
      demands: z.array(demandSchema),
    }),
  }),
});

/** Amounts of resources by name. */
export type Amounts = z.infer<typeof amountsSchema>;
/** Actors that wait for a node, all with the same needs. */
export type Demand = z.infer<typeof demandSchema>;
/** A living node; `actors` 0: it is idle. */
export type NodeLoad = z.infer<typeof nodeSchema>;

/** What a head says of its cluster. */
export interface HeadLoad {
  readonly nodes: readonly NodeLoad[];
  readonly demands: readonly Demand[];
}

/** Asks a head. Rejects where there is no good answer, as from a head of another make. */
export const getHeadLoad = async (http: HttpClient, address: ServeAddress): Promise<HeadLoad> => {
  const path = "/api/cluster_status";
  const url = `${address.baseUrl}${path}`;
  const answer = await http({ url, headers: authHeaders(address), timeoutMs: autoscalerLimits.loadTimeoutMs });
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
  const { nodes, demands } = answerSchema.parse(JSON.parse(answer.text)).data.clusterStatus;
  return { nodes: nodes.filter((node) => node.state === "ALIVE"), demands };
};

/** An order to drain a node. */
export interface DrainOrder {
  readonly nodeId: string;
  readonly reason: string;
  readonly timeoutS: number;
  /** Not when something lives there by now. */
  readonly onlyIfIdle: boolean;
}

/** Tells a head to drain a node. False: it is not idle any more, or the head does not know it. Rejects without an answer. */
export const drainNode = async (http: HttpClient, address: ServeAddress, order: DrainOrder): Promise<boolean> => {
  const { nodeId, reason, timeoutS, onlyIfIdle } = order;
  const path = `/api/v0/nodes/${encodeURIComponent(nodeId)}/drain`;
  const answer = await http({
    url: `${address.baseUrl}${path}`,
    method: "PUT",
    headers: { "content-type": "application/json", ...authHeaders(address) },
    body: JSON.stringify({ reason, timeout_s: timeoutS, only_if_idle: onlyIfIdle }),
    timeoutMs: autoscalerLimits.drainTimeoutMs,
  });
  if (answer.status === 409 || answer.status === 404) return false;
  if (answer.status !== 200) throw new Error(`PUT ${path} answered ${answer.status}: ${answer.text.slice(0, 256)}`);
  return true;
};

const authHeaders = ({ token }: ServeAddress): Record<string, string> =>
  token === undefined ? {} : { "x-ray-authorization": `Bearer ${token}` };
