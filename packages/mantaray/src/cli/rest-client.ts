import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { authEnabled, loadAuthToken } from "../base/auth-token.ts";
import type { ErrorCode } from "../base/error-codes.ts";
import { MantaError } from "../base/errors.ts";
import { cliLimits } from "./limits.ts";
import { plainText } from "./plain-text.ts";

/** One request to the API server. */
export interface RestRequest {
  readonly method: "GET" | "PUT" | "DELETE" | "POST";
  /** With its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default 30 s. */
  readonly timeoutMs?: number;
}

/** An answer with any status; `text` holds nothing that a terminal would obey. */
export interface RestAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * A client of the API servers: of several, as there are with standby heads, they are asked in order until one answers
 * something else than 503, which is what one without a leader says. `node:http` instead of `fetch`, which costs a short command its start-up time.
 */
export class RestClient {
  readonly #urls: readonly URL[];
  readonly #token: string | undefined;

  constructor(urls: readonly URL[], env: Readonly<Record<string, string | undefined>>) {
    this.#urls = urls;
    this.#token = tokenOf(env);
  }

  /** The answer whatever its status; `unavailable` when nobody answers, `unauthenticated` for 401. */
  async send(request: RestRequest): Promise<RestAnswer> {
    return (await this.#sendFirst(request)).answer;
  }

  /** The text of a 2xx answer; else an error with the server's own words. */
  async text(request: RestRequest): Promise<string> {
    const { answer, url } = await this.#sendFirst(request);
    if (answer.status >= 200 && answer.status < 300) return answer.text;
    throw new MantaError(errorCode(answer.status), `${url.origin} answered ${answer.status}: ${answer.text}`);
  }

  async #sendFirst(request: RestRequest): Promise<{ answer: RestAnswer; url: URL }> {
    const timeoutMs = request.timeoutMs ?? cliLimits.requestTimeoutMs;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    let failure: unknown;
    for (const [index, url] of this.#urls.entries()) {
      const isLast = index === this.#urls.length - 1;
      try {
        // A change may take its time; what only reads is asked for elsewhere.
        const isPatient = isLast || request.method !== "GET";
        const patienceMs = isPatient ? timeoutMs : Math.min(timeoutMs, cliLimits.otherServerTimeoutMs);
        const answer = await this.#exchange(url, request, body, patienceMs);
        if (answer.status === 401) throw refused(url);
        if (answer.status !== 503 || isLast) return { answer, url };
      } catch (error) {
        const { code } = MantaError.from(error);
        if (isLast || (code !== "unavailable" && code !== "deadline_exceeded")) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  #exchange(base: URL, request: RestRequest, body: string | undefined, timeoutMs: number): Promise<RestAnswer> {
    const url = new URL(`${base.pathname.replace(/\/$/, "")}${request.path}`, base);
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(url, {
        method: request.method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
      });
      outgoing.once("error", (error) => reject(unreachable(url, error, timeoutMs)));
      outgoing.once("response", (message) => {
        readText(message).then(
          (text) => resolve({ status: message.statusCode ?? 0, text: plainText(text) }),
          (error: unknown) => reject(unreachable(url, error, timeoutMs)),
        );
      });
      outgoing.end(body);
    });
  }
}

const refused = ({ origin }: URL): MantaError =>
  new MantaError(
    "unauthenticated",
    `${origin} refused the token: set RAY_AUTH_TOKEN to the cluster's, or RAY_AUTH_TOKEN_PATH to its file`,
  );

/** A missing token is the server's to complain about: it may ask for none. */
const tokenOf = (env: Readonly<Record<string, string | undefined>>): string | undefined => {
  if (!authEnabled(env)) return undefined;
  try {
    return loadAuthToken(env, { create: false });
  } catch (error) {
    if (MantaError.from(error).code === "unauthenticated") return undefined;
    throw error;
  }
};

const readText = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > cliLimits.answerBytesMax) {
      throw new MantaError("payload_too_large", `the answer is over ${cliLimits.answerBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const unreachable = (url: URL, thrown: unknown, timeoutMs: number): MantaError => {
  if (thrown instanceof MantaError) return thrown;
  const error = thrown as NodeJS.ErrnoException & { errors?: readonly Error[] };
  const isTimeout = error.name === "TimeoutError" || (error.cause as Error | undefined)?.name === "TimeoutError";
  const reason = isTimeout
    ? `no answer within ${timeoutMs / 1000} s`
    : (error.code ?? (error.message === "" ? "no answer" : error.message));
  return new MantaError(
    "unavailable",
    `cannot reach the API server at ${url.origin} (${reason}): is the cluster running? Start one with "manta start --head", or name another with --address`,
    { cause: thrown },
  );
};

const errorCode = (status: number): ErrorCode => {
  if (status === 400) return "invalid_argument";
  if (status === 403) return "permission_denied";
  if (status === 404) return "not_found";
  return status === 503 ? "unavailable" : "internal";
};
