import { z } from "zod";
import type { ErrorCode } from "../base/error-codes.ts";
import { MantaError } from "../base/errors.ts";
import { parseJson } from "./parse-json.ts";
import type { RestClient } from "./rest-client.ts";

const rowSchema = z.record(z.string(), z.unknown());

const listSchema = z.object({
  total: z.number(),
  num_after_truncation: z.number(),
  num_filtered: z.number(),
  result: z.array(rowSchema),
  partial_failure_warning: z.string().nullish(),
});

const summarySchema = z.object({
  result: z.object({
    node_id_to_summary: z.object({
      cluster: z.object({
        summary: z.record(
          z.string(),
          z.object({ class_name: z.string(), state_counts: z.record(z.string(), z.number()) }),
        ),
        total_actors: z.number(),
      }),
    }),
  }),
});

const failureSchema = z.object({ msg: z.string() });

/** A list as the State API answers it. */
export type StateListAnswer = z.infer<typeof listSchema>;
export type ActorSummaryAnswer = z.infer<typeof summarySchema>["result"]["node_id_to_summary"]["cluster"];

/** Entries of a resource, or one of them by id (`path` = `actors/<id>`). */
export const fetchStateList = async (
  client: RestClient,
  path: string,
  query: URLSearchParams,
  timeoutMs: number,
): Promise<StateListAnswer> => {
  const text = await fetchState(client, path, query, timeoutMs);
  return parseJson(z.object({ data: z.object({ result: listSchema }) }), text, `the answer for ${path}`).data.result;
};

export const fetchActorSummary = async (
  client: RestClient,
  query: URLSearchParams,
  timeoutMs: number,
): Promise<ActorSummaryAnswer> => {
  const text = await fetchState(client, "actors/summarize", query, timeoutMs);
  const envelope = z.object({ data: z.object({ result: summarySchema }) });
  return parseJson(envelope, text, "the summary of actors").data.result.result.node_id_to_summary.cluster;
};

const fetchState = async (
  client: RestClient,
  path: string,
  query: URLSearchParams,
  timeoutMs: number,
): Promise<string> => {
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  // The server gives up first, so that its reason arrives.
  const answer = await client.send({ method: "GET", path: `/api/v0/${path}${search}`, timeoutMs: timeoutMs + 1_000 });
  if (answer.status === 200) return answer.text;
  throw new MantaError(codeOf(answer.status), failureText(answer.text, answer.status));
};

const codeOf = (status: number): ErrorCode => {
  if (status === 400) return "invalid_argument";
  if (status === 404) return "not_found";
  return status === 503 ? "unavailable" : "internal";
};

/** The envelope's own message where there is one. */
const failureText = (text: string, status: number): string => {
  try {
    return parseJson(failureSchema, text, "the answer").msg;
  } catch {
    return `the API server answered ${status}: ${text.slice(0, 200)}`;
  }
};
