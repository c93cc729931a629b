import { serviceLimits } from "./limits.ts";

/** What is sent. */
export interface HttpCall {
  readonly url: string;
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes a call of HTTP; rejects when there is no whole answer in time. */
export type HttpClient = (call: HttpCall) => Promise<HttpAnswer>;

/** The real one. An answer longer than `responseBytesMax` is an error. */
export const fetchHttp: HttpClient = async ({ url, method = "GET", headers = {}, body, timeoutMs }) => {
  const response = await fetch(url, {
    method,
    headers,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await boundedText(response) };
};

const boundedText = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > serviceLimits.responseBytesMax)
      throw new Error(`the answer of ${response.url} has more than ${serviceLimits.responseBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};
