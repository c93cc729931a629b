import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import type { KubeObject } from "../api/objects.ts";

/** How a cluster is reached. */
export interface KubeConnection {
  readonly url: string;
  readonly caCert?: string | undefined;
  readonly token?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
}

/** An answer; `body` is parsed where it is JSON, else text. */
export interface KubeAnswer<T = KubeObject> {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: T;
}

/** What goes along with a request. */
export interface KubeRequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One line of a watch. */
export interface WatchLine {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject;
}

/** Plain HTTP to a Kubernetes API, with nothing in between: the conformance suites judge what is on the wire. */
export class KubeClient {
  readonly connection: KubeConnection;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(connection: KubeConnection) {
    this.connection = connection;
    const { caCert, clientCert, clientKey } = connection;
    const tls = {
      ...(caCert === undefined ? {} : { ca: caCert }),
      ...(clientCert === undefined ? {} : { cert: clientCert }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
    };
    this.#agent = connection.url.startsWith("https:")
      ? new HttpsAgent({ keepAlive: true, ...tls })
      : new HttpAgent({ keepAlive: true });
  }

  /** The same cluster as somebody else; undefined: nobody. */
  as(token: string | undefined): KubeClient {
    const { url, caCert } = this.connection;
    return new KubeClient({ url, caCert, token });
  }

  /** Answers whatever the status is. */
  async request<T = KubeObject>(
    method: string,
    path: string,
    options: KubeRequestOptions = {},
  ): Promise<KubeAnswer<T>> {
    const answer = await this.#send(method, path, options);
    let text = "";
    answer.setEncoding("utf8");
    for await (const chunk of answer as AsyncIterable<string>) text += chunk;
    const json = (answer.headers["content-type"] ?? "").includes("json");
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  /** The body of a request that must succeed. */
  async ok<T = KubeObject>(method: string, path: string, options: KubeRequestOptions = {}): Promise<T> {
    const { status, body } = await this.request<T>(method, path, options);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The lines of a watch, until `close`. */
  async watch(
    path: string,
  ): Promise<{ readonly lines: AsyncIterator<WatchLine>; next(): Promise<WatchLine>; close(): void }> {
    const answer = await this.#send("GET", path, {});
    const reader = createInterface({ input: answer });
    // Cutting a watch short is how it ends here.
    answer.on("error", () => reader.close());
    const lines = parsed(reader[Symbol.asyncIterator]());
    const next = async (): Promise<WatchLine> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the watch of ${path} ended`);
      return value;
    };
    return { lines, next, close: () => answer.destroy() };
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(
    method: string,
    path: string,
    { body, contentType = "application/json", headers }: KubeRequestOptions,
  ): Promise<IncomingMessage> {
    const { url, token } = this.connection;
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const all = {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const request = send(new URL(path, url), { method, headers: all, agent: this.#agent }, resolve);
      request.once("error", reject);
      request.end(text);
    });
  }
}

async function* parsed(lines: AsyncIterator<string>): AsyncGenerator<WatchLine, undefined> {
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
    if (line.value !== "") yield JSON.parse(line.value) as WatchLine;
  }
  return undefined;
}

interface KubeconfigFile {
  readonly "current-context": string;
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string };
  }[];
  readonly users: readonly {
    readonly name: string;
    readonly user: {
      readonly token?: string;
      readonly "client-certificate-data"?: string;
      readonly "client-key-data"?: string;
    };
  }[];
}

/** The current context of a kubeconfig's text. Throws `Error` when it is not complete in itself. */
export const connectionOf = (kubeconfig: string): KubeConnection => {
  const file = parse(kubeconfig) as KubeconfigFile;
  const context = file.contexts.find(({ name }) => name === file["current-context"])?.context;
  const cluster = file.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = file.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined)
    throw new Error("the kubeconfig's current context names no cluster and user of it");
  return {
    url: cluster.server,
    caCert: decoded(cluster["certificate-authority-data"]),
    token: user.token,
    clientCert: decoded(user["client-certificate-data"]),
    clientKey: decoded(user["client-key-data"]),
  };
};

const decoded = (data: string | undefined): string | undefined =>
  data === undefined ? undefined : Buffer.from(data, "base64").toString();
