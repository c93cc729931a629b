import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ApiAccess } from "../api/access.ts";
import { defaultStorageClassAdmission } from "./admission/default-storage-class.ts";
import { namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
import { podSecurityAdmission } from "./admission/pod-security.ts";
import { priorityAdmission } from "./admission/priority.ts";
import { resourceQuotaAdmission } from "./admission/resource-quota.ts";
import { serviceAccountAdmission } from "./admission/service-account.ts";
import { serviceAddresses } from "./admission/service-addresses.ts";
import { Authorizer } from "./auth/authorizer.ts";
import { escalationCheck } from "./auth/escalation.ts";
import { type IssuedToken, type TokenOptions, Tokens } from "./auth/tokens.ts";
import { bootstrap } from "./bootstrap.ts";
import { builtinDefinitions } from "./builtins/definitions.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createPlugins } from "./create-plugins.ts";
import { DiscoveryHandler } from "./discovery/discovery-handler.ts";
import { createAccess } from "./engine/access.ts";
import { Core } from "./engine/core.ts";
import { followCustomKinds } from "./engine/custom-kinds.ts";
import { Definitions } from "./engine/definitions.ts";
import { fillNamespaces } from "./engine/namespace-content.ts";
import { internalUser } from "./engine/user.ts";
import { type RequestCount, RequestCounts } from "./http/request-counts.ts";
import { RequestHandler } from "./http/request-handler.ts";
import { WatchStreams } from "./http/watch-streams.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { limits } from "./limits.ts";
import type { PodStreams } from "./pod-streams.ts";
import { Store } from "./storage/store.ts";
import { createCertificates, type ServerCertificates } from "./tls.ts";

/** How an API server is started. */
export interface ApiServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** False: plain HTTP. Default true. */
  readonly tls?: boolean;
  /** Where Services get their addresses from, in CIDR notation. Default 10.96.0.0/16. */
  readonly serviceSubnet?: string;
  /** Further addresses and names of the certificate. */
  readonly names?: readonly string[];
  /** Events kept a kind, from which watches resume. Default `limits.historyEventsMax`. */
  readonly historyEventsMax?: number;
  readonly clock?: Clock;
}

/** A Kubernetes API server in this process: all state in memory, the real protocol on a port. */
export class ApiServer {
  readonly url: string;
  /** The API without HTTP, for controllers and kubelets in this process. */
  readonly access: ApiAccess;
  /** What clients trust, PEM; undefined without TLS. */
  readonly caCert: string | undefined;
  readonly adminToken: string;
  readonly #core: Core;
  readonly #tokens: Tokens;
  readonly #counts: RequestCounts;
  readonly #watches: WatchStreams;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #filler: { close(): void };
  #podStreams: PodStreams | undefined;

  private constructor(parts: ApiServerParts) {
    const { core, authorizer, tokens, server, sockets, url, certificates } = parts;
    this.url = url;
    this.caCert = certificates?.caCert;
    this.adminToken = tokens.adminToken;
    this.#core = core;
    this.#tokens = tokens;
    this.#server = server;
    this.#sockets = sockets;
    this.#counts = new RequestCounts();
    this.#watches = new WatchStreams(core.clock);
    this.access = createAccess(core, internalUser);
    this.#filler = fillNamespaces(this.access, certificates?.caCert ?? "");
    const deps = {
      core,
      authorizer,
      tokens,
      counts: this.#counts,
      watches: this.#watches,
      podStreams: () => this.#podStreams,
    };
    const handler = new RequestHandler(deps, new DiscoveryHandler(core.definitions, core.plugins.openApi));
    server.on("request", (request, response) => void handler.handle(request, response));
    server.on("upgrade", (request, socket, head) => void handler.handleUpgrade(request, socket, head));
  }

  /** Resolves when it answers. */
  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const { host = "127.0.0.1", port = 0, tls = true, serviceSubnet = "10.96.0.0/16", clock = systemClock } = options;
    const certificates = tls ? await createCertificates([host, ...(options.names ?? [])]) : undefined;
    const server =
      certificates === undefined
        ? createHttpServer()
        : createHttpsServer({ cert: certificates.cert, key: certificates.key });
    // Watches are silent for long: the client, not a timer of ours, decides when a connection is of no use any more.
    server.requestTimeout = 0;
    server.keepAliveTimeout = limits.keepAliveMs;
    const sockets = followSockets(server);
    server.listen(port, host);
    await once(server, "listening");
    const bound = (server.address() as AddressInfo).port;
    const { core, authorizer, tokens } = createCore(
      clock,
      serviceSubnet,
      options.historyEventsMax ?? limits.historyEventsMax,
    );
    const url = `${tls ? "https" : "http"}://${host}:${bound}`;
    const apiServer = new ApiServer({ core, authorizer, tokens, server, sockets, url, certificates });
    await bootstrap(apiServer.access, { host, port: bound, serviceSubnet });
    return apiServer;
  }

  /** The text of a kubeconfig of the administrator, or of somebody with another token. */
  kubeconfig(options: { readonly token?: string; readonly namespace?: string } = {}): string {
    const { token = this.adminToken, ...rest } = options;
    return kubeconfigText({ url: this.url, caCert: this.caCert, token, ...rest });
  }

  /** A token of a service account, default for an hour. Throws `ApiError` (NotFound). */
  issueToken(account: { readonly namespace: string; readonly name: string }, options: TokenOptions = {}): IssuedToken {
    return this.#tokens.issue(account.namespace, account.name, options);
  }

  /** From now on these answer for pods' logs, `exec`, `attach` and `port-forward`. */
  connectPods(streams: PodStreams): void {
    this.#podStreams = streams;
  }

  /** Requests since the start (or the last reset), by verb, resource and client. */
  requestCounts(): readonly RequestCount[] {
    return this.#counts.all();
  }

  resetRequestCounts(): void {
    this.#counts.reset();
  }

  /** The version of the latest change of anything: the same at two times means that nothing was written. */
  get resourceVersion(): string {
    return String(this.#core.store.revision);
  }

  /** Ends watches and connections. */
  async close(): Promise<void> {
    this.#filler.close();
    this.#watches.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

interface ApiServerParts {
  readonly core: Core;
  readonly authorizer: Authorizer;
  readonly tokens: Tokens;
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
  readonly url: string;
  readonly certificates: ServerCertificates | undefined;
}

const createCore = (
  clock: Clock,
  serviceSubnet: string,
  historyEventsMax: number,
): Pick<ApiServerParts, "core" | "authorizer" | "tokens"> => {
  const store = new Store(historyEventsMax);
  const plugins = createPlugins(clock);
  const authorizer = new Authorizer(store);
  const admission = [
    namespaceLifecycle(store),
    serviceAccountAdmission(store),
    priorityAdmission(store),
    defaultStorageClassAdmission(store),
    serviceAddresses(store, serviceSubnet),
    escalationCheck(authorizer),
    podSecurityAdmission(store),
    // Last, as the reference: what is refused for another reason is not counted.
    resourceQuotaAdmission(store),
  ];
  const core = new Core({
    store,
    definitions: new Definitions(builtinDefinitions(plugins)),
    plugins,
    clock,
    admission,
  });
  followCustomKinds(core);
  return { core, authorizer, tokens: new Tokens(store, clock) };
};

/** Upgraded connections leave the HTTP server's own books. */
const followSockets = (server: Server): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>();
  for (const event of ["connection", "secureConnection"]) {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
  }
  return sockets;
};
