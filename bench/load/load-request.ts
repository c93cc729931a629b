/** One kind of request of a load. */
export interface LoadRequest {
  /** Key of its counters. */
  readonly name: string;
  /** Share of the mix relative to the others; default 1. */
  readonly weight?: number;
  /** Default GET. */
  readonly method?: string;
  /** Default "/". */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Makes each request its own: called with a number that rises; its fields and body go out beside `headers`. */
  readonly unique?: (serial: number) => { readonly headers?: Readonly<Record<string, string>>; readonly body: string };
  /** The request's bytes as they go out, in place of the five above. */
  readonly bytes?: Uint8Array;
  /**
   * Whether an answer with a 2xx status is right; a wrong one is counted as such. The body is one character a byte;
   * `sent` is what `unique` made.
   */
  readonly expect?: (status: number, body: string, sent: string) => boolean;
  /** Names a class that an answer is counted in beside the others; `head` is the response's, one character a byte. */
  readonly classify?: (status: number, head: string) => string | undefined;
}

/** A request ready to send. */
export interface PreparedRequest {
  readonly name: string;
  /** What goes out now; each call of a `unique` request makes another. */
  create(): { readonly bytes: Buffer; readonly body: string };
  readonly bodyless: boolean;
  readonly expect: LoadRequest["expect"];
  readonly classify: LoadRequest["classify"];
}

/** The order in which a mix is sent, over and over: smooth weighted round robin, so that it is the same in each run. */
export const prepareMix = (host: string, requests: readonly LoadRequest[]): readonly PreparedRequest[] => {
  const weights = requests.map((request) => request.weight ?? 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const prepared = requests.map((request) => prepare(host, request));
  const credits = weights.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    for (let index = 0; index < weights.length; index += 1) {
      credits[index] = (credits[index] ?? 0) + (weights[index] ?? 0);
      if ((credits[index] ?? 0) > (credits[best] ?? 0)) best = index;
    }
    credits[best] = (credits[best] ?? 0) - total;
    const chosen = prepared[best];
    if (chosen === undefined) throw new Error("a load needs at least one request, with whole weights");
    return chosen;
  });
};

const prepare = (host: string, request: LoadRequest): PreparedRequest => {
  const method = request.method ?? "GET";
  const { name, expect, classify, unique } = request;
  if (request.bytes !== undefined) {
    const bytes = Buffer.from(request.bytes);
    const bodyless = bytes.toString("latin1", 0, 5) === "HEAD ";
    return { name, expect, classify, create: () => ({ bytes, body: "" }), bodyless };
  }
  const encode = (headers: LoadRequest["headers"], body: Buffer): Buffer => {
    const fields: Record<string, string> = { host, ...request.headers, ...headers };
    if (body.length > 0 || (method !== "GET" && method !== "HEAD")) fields["content-length"] = String(body.length);
    const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\r\n`);
    const head = `${method} ${request.path ?? "/"} HTTP/1.1\r\n${lines.join("")}\r\n`;
    return Buffer.concat([Buffer.from(head, "latin1"), body]);
  };
  const always = { bytes: encode({}, Buffer.from(request.body ?? "")), body: "" };
  let serial = 0;
  const create = (): { bytes: Buffer; body: string } => {
    if (unique === undefined) return always;
    serial += 1;
    const { headers, body } = unique(serial);
    return { bytes: encode(headers, Buffer.from(body)), body };
  };
  return { name, expect, classify, create, bodyless: method === "HEAD" };
};
