import { MantaError } from "../../base/errors.ts";

/** A request as handlers see it: bounded, decoded, authenticated. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** Decoded values of the `{name}` parts of the route. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** The whole body; `payload_too_large` over the limit. */
  body(): Promise<Buffer>;
}

/** The body as JSON; `invalid_argument` when it is not. */
export const jsonBody = async (request: ApiRequest): Promise<unknown> => {
  const text = (await request.body()).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new MantaError("invalid_argument", `the body must be JSON: ${(error as Error).message}`, { cause: error });
  }
};
