import { systemClock } from "../../base/clock.ts";
import { newNodeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { waitFor } from "../../base/wait.ts";
import { responseFlags } from "../../protocol/http-frames.ts";
import type { RoutingDeployment, RoutingSnapshot } from "../../protocol/routing.ts";
import { connectToFake, FakeReplica, type Script } from "../routing/fake-replica.ts";
import { createRouterPool, type RouterPool } from "../routing/index.ts";
import { createHttpFront, type HttpFront } from "./http/front.ts";
import { ProxyCore } from "./proxy-core.ts";

/** Head of a RESPONSE frame as a replica makes it. `length` undefined: streamed. */
export const responseHead = (status: number, length?: number): Buffer => {
  const framing = length === undefined ? "transfer-encoding: chunked" : `content-length: ${length}`;
  const head = Buffer.from(`...HTTP/1.1 ${status} Whatever\r\ncontent-type: text/plain\r\n${framing}\r\n\r\n`);
  head[0] = length === undefined ? responseFlags.streamed : 0;
  head.writeUInt16BE(status, 1);
  return head;
};

let version = 0;

/** A proxy with a real front on loopback and fake replicas behind it; everything it started ends with `stop`. */
export class TestProxy {
  readonly nodeId = newNodeId();
  readonly pool: RouterPool;
  readonly core: ProxyCore;
  readonly front: HttpFront;
  readonly #replicas: FakeReplica[] = [];

  private constructor(isHead: boolean) {
    const { nodeId } = this;
    const [clock, random, log] = [systemClock, systemRandom, silentLog];
    this.pool = createRouterPool({ nodeId, preferLocal: true, connect: connectToFake, clock, random, log });
    this.core = new ProxyCore({ pool: this.pool, clock, isHead });
    this.front = createHttpFront({ dispatch: (exchange) => this.core.dispatch(exchange), log });
  }

  static async start(options: { isHead?: boolean } = {}): Promise<TestProxy> {
    const proxy = new TestProxy(options.isHead ?? false);
    await proxy.front.listen({ host: "127.0.0.1", port: 0 });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.front.port}`;
  }

  async replica(script: Script, local = false): Promise<FakeReplica> {
    const replica = await FakeReplica.start(script, local ? this.nodeId : newNodeId());
    this.#replicas.push(replica);
    return replica;
  }

  /** Publishes app `app`, deployment `D`, at `/app`, with these replicas, and waits for the links. */
  async serve(
    replicas: readonly FakeReplica[],
    changes: Partial<RoutingDeployment> = {},
    http: Partial<RoutingSnapshot["http"]> = {},
  ): Promise<void> {
    version += 1;
    this.core.update({
      version,
      http: { requestTimeoutMs: null, keepAliveTimeoutMs: 90_000, rootPath: "", ...http },
      routes: [{ prefix: "/app", app: "app", deployment: "D" }],
      deployments: {
        "app#D": {
          app: "app",
          deployment: "D",
          available: true,
          maxOngoingRequests: 5,
          maxQueuedRequests: -1,
          retryNonIdempotent: false,
          replicas: replicas.map(({ info }) => info),
          ...changes,
        },
      },
    });
    const router = this.pool.router("app#D");
    await waitFor(() => router.linked === replicas.length, { timeoutMs: 5_000, what: "links to the replicas" });
  }

  async stop(): Promise<void> {
    await this.front.close();
    await this.pool.close(0);
    await Promise.all(this.#replicas.map((replica) => replica.die()));
  }
}
