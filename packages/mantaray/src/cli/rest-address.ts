import { MantaError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";

/** Base URLs, one a head (a comma list), for the State API: option > `RAY_API_SERVER_ADDRESS` > `RAY_ADDRESS` when it is a URL > http://127.0.0.1:8265. */
export const apiServerUrls = (option: string | undefined, { env }: CliContext): readonly URL[] => {
  if (option !== undefined) return baseUrls("--address", option);
  const fromEnv = env.RAY_API_SERVER_ADDRESS;
  if (fromEnv !== undefined && fromEnv !== "") return baseUrls("RAY_API_SERVER_ADDRESS", fromEnv);
  const cluster = env.RAY_ADDRESS;
  if (cluster !== undefined && /^https?:\/\//.test(cluster)) return baseUrls("RAY_ADDRESS", cluster);
  return [new URL("http://127.0.0.1:8265")];
};

/** Base URLs for `serve` commands: option > `RAY_DASHBOARD_ADDRESS` > http://localhost:8265. */
export const dashboardUrls = (option: string | undefined, { env }: CliContext): readonly URL[] => {
  if (option !== undefined) return baseUrls("--address", option);
  const fromEnv = env.RAY_DASHBOARD_ADDRESS;
  if (fromEnv !== undefined && fromEnv !== "") return baseUrls("RAY_DASHBOARD_ADDRESS", fromEnv);
  return [new URL("http://localhost:8265")];
};

const baseUrls = (source: string, text: string): readonly URL[] =>
  text.split(",").map((one) => baseUrl(source, one.trim()));

/** `host:port` is taken for http. */
const baseUrl = (source: string, text: string): URL => {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new MantaError(
      "invalid_argument",
      `${source} must be the URL of an API server, such as http://127.0.0.1:8265, got ${JSON.stringify(text)}`,
    );
  }
  return url;
};
