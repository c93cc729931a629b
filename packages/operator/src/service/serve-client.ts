import { z } from "zod";
import type { HttpClient } from "./http-call.ts";
import { serviceLimits } from "./limits.ts";

const deploymentSchema = z.object({ status: z.string(), message: z.string().default("") });
const applicationSchema = z.object({
  status: z.string(),
  message: z.string().default(""),
  deployments: z.record(z.string(), deploymentSchema).default({}),
});
const detailsSchema = z.object({ applications: z.record(z.string(), applicationSchema).default({}) });

/** Applications by name, as a head's Serve REST tells of them. */
export type ServeApplications = z.infer<typeof detailsSchema>["applications"];

/** The head has read the config and does not like it: no use to send it again. */
export class ConfigRefusedError extends Error {
  override readonly name = "ConfigRefusedError";
}

/** Where a head's Serve REST is. */
export interface ServeAddress {
  /** Such as `http://10.1.2.3:8265`. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  /** Default `serviceLimits.serveTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

const path = "/api/serve/applications/";

/** Declared applications and how they are (reference, section 4.5). Rejects where there is no good answer. */
export const getApplications = async (http: HttpClient, address: ServeAddress): Promise<ServeApplications> => {
  const answer = await http({
    url: `${address.baseUrl}${path}?api_type=declarative`,
    headers: authHeaders(address),
    timeoutMs: address.timeoutMs ?? serviceLimits.serveTimeoutMs,
  });
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${excerpt(answer.text)}`);
  return detailsSchema.parse(JSON.parse(answer.text)).applications;
};

/** Makes `config` the goal; applications that it does not name end. Rejects with `ConfigRefusedError` for a 4xx. */
export const putApplications = async (http: HttpClient, address: ServeAddress, config: object): Promise<void> => {
  const answer = await http({
    url: `${address.baseUrl}${path}`,
    method: "PUT",
    headers: { "content-type": "application/json", ...authHeaders(address) },
    body: JSON.stringify(config),
    timeoutMs: address.timeoutMs ?? serviceLimits.putTimeoutMs,
  });
  if (answer.status >= 200 && answer.status < 300) return;
  const text = `PUT ${path} answered ${answer.status}: ${excerpt(answer.text)}`;
  const isRefusal = answer.status === 400 || answer.status === 413 || answer.status === 422;
  throw isRefusal ? new ConfigRefusedError(text) : new Error(text);
};

const authHeaders = ({ token }: ServeAddress): Record<string, string> =>
  token === undefined ? {} : { "x-ray-authorization": `Bearer ${token}` };

const excerpt = (text: string): string => text.trim().slice(0, serviceLimits.errorTextMax);
