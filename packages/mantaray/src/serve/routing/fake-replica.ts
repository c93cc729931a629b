import { systemClock } from "../../base/clock.ts";
import { newActorId, newNodeId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import type { RoutingReplica } from "../../protocol/routing.ts";
import {
  dial,
  type InStream,
  type InStreamHandler,
  type Link,
  type LinkServer,
  listen,
  streamKinds,
} from "../../rpc/index.ts";

/** One request as it arrives at a fake replica. */
export interface Arrival {
  readonly stream: InStream;
  readonly head: Buffer;
  readonly body: Buffer;
  readonly end: boolean;
  readonly replica: FakeReplica;
}

/** What a fake replica does with an arrival: as a `StreamAcceptor`. */
export type Script = (arrival: Arrival) => InStreamHandler | null;

/** A replica at the level of the protocol: a real listener on loopback, with a script in place of user code. */
export class FakeReplica {
  readonly info: RoutingReplica;
  script: Script;
  /** Requests offered, and those whose user code would have run. */
  offered = 0;
  started = 0;
  /** Body bytes that came in. */
  bodyBytes = 0;
  readonly resets: number[] = [];
  readonly #server: LinkServer;
  readonly #links: Set<Link>;

  private constructor(server: LinkServer, links: Set<Link>, info: RoutingReplica, script: Script) {
    this.#server = server;
    this.#links = links;
    this.info = info;
    this.script = script;
  }

  static async start(script: Script, nodeId = newNodeId()): Promise<FakeReplica> {
    const links = new Set<Link>();
    let replica: FakeReplica | undefined;
    const server = await listen(["tcp:127.0.0.1:0"], {
      token: "",
      identity: { role: "worker", id: "fake" },
      log: silentLog,
      onLink: (link) => replica?.welcome(link),
    });
    const address = server.addresses[0] ?? "";
    const actorId = newActorId();
    const replicaId = `SERVE_REPLICA::app#D#${actorId.slice(0, 8)}`;
    const info = { replicaId, actorId, nodeId, addresses: { unix: "", tcp: address } };
    replica = new FakeReplica(server, links, info, script);
    return replica;
  }

  get links(): number {
    return this.#links.size;
  }

  /** Called by the listener for each link. */
  welcome(link: Link): void {
    this.#links.add(link);
    link.onClose(() => this.#links.delete(link));
    for (const kind of [streamKinds.http, streamKinds.invoke]) {
      link.accept(kind, (stream, head, body, end) => {
        this.offered += 1;
        return this.script({ stream, head, body, end, replica: this });
      });
    }
  }

  /** What it says of its load from now on, over the links there are. */
  claim(load: number): void {
    for (const link of this.#links) link.localLoad = load;
  }

  /** As a lost connection: the replica lives and can be dialled again. */
  breakLinks(): void {
    for (const link of this.#links) link.close("broken by the test");
  }

  /** GOAWAY to every caller. */
  drain(): void {
    for (const link of this.#links) void link.drain();
  }

  /** As SIGKILL: links break, nobody listens any more. */
  async die(): Promise<void> {
    await this.#server.close();
  }
}

/** How tests reach a fake replica. */
export const connectToFake = (replica: RoutingReplica): Promise<Link> =>
  dial(replica.addresses.tcp, { token: "", identity: { role: "worker", id: "caller" } });

const empty = Buffer.alloc(0);

/** Answers as soon as the request is complete. */
export const answering =
  (head: Uint8Array, body: Uint8Array = empty): Script =>
  (arrival) =>
    whenComplete(arrival, (stream) => stream.respond(head, body, true));

/** Runs `act` once the request is complete and user code may run. Counts it as started. */
export const whenComplete = (arrival: Arrival, act: (stream: InStream) => void): InStreamHandler => {
  const { stream, replica } = arrival;
  replica.bodyBytes += arrival.body.length;
  return {
    onStart: () => {
      replica.started += 1;
      if (arrival.end) act(stream);
    },
    onData: (chunk) => {
      replica.bodyBytes += chunk.length;
    },
    onEnd: () => act(stream),
    onReset: (code) => replica.resets.push(code),
    onWritable: () => undefined,
  };
};

export const rejecting =
  (load: number): Script =>
  ({ stream }) => {
    stream.reject(load);
    return null;
  };

/** The process ends while the request is on its way in: no user code ran. */
export const dyingBeforeAccept: Script = (arrival) => {
  arrival.replica.breakLinks();
  void arrival.replica.die();
  return whenComplete(arrival, () => undefined);
};

/** The process ends in user code. */
export const dyingInUserCode: Script = (arrival) =>
  whenComplete(arrival, () => {
    // Later, so that ACCEPT is out as it is where user code takes any time at all.
    setImmediate(() => void arrival.replica.die());
  });

/** The process ends after the first part of the answer. */
export const dyingInAnswer =
  (head: Uint8Array, part: Uint8Array): Script =>
  (arrival) =>
    whenComplete(arrival, (stream) => {
      stream.respond(head, part, false);
      systemClock.after(20, () => void arrival.replica.die());
    });

/** Takes requests and keeps them: the test answers by `held.shift()?.respond(…)`. */
export const holding =
  (held: InStream[]): Script =>
  (arrival) =>
    whenComplete(arrival, (stream) => held.push(stream));
