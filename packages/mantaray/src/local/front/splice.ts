import { connect, type Socket } from "node:net";
import type { Target, Targets } from "./targets.ts";

/** A proxy on this machine that does not accept within this time is stopped or dead. */
const connectTimeoutMs = 500;
/** While no proxy accepts, all are tried again for so long: one that is restarted is back by then. */
const patienceMs = 1_500;
const roundPauseMs = 50;

/**
 * Joins a client's connection to the first proxy that accepts it. Bytes go both ways untouched; when
 * either side ends, so does the other. A proxy that refuses costs nothing: the next one is tried, and
 * what the client has sent meanwhile waits. When none accepts they are tried again for a while.
 */
export const splice = (client: Socket, targets: Targets): void => {
  client.setNoDelay(true);
  client.pause();
  client.on("error", () => client.destroy());
  const endMs = performance.now() + patienceMs;
  let queue = targets.candidates();

  const nextRound = (): void => {
    if (performance.now() >= endMs) {
      refuse(client);
      return;
    }
    queue = targets.candidates();
    setTimeout(tryNext, roundPauseMs);
  };
  const tryNext = (): void => {
    if (client.destroyed) return;
    const target = queue.shift();
    if (target === undefined) {
      nextRound();
      return;
    }
    dial(
      target,
      (upstream) => join(client, upstream),
      () => {
        targets.markDown(target);
        tryNext();
      },
    );
  };
  tryNext();
};

const dial = (target: Target, onOpen: (upstream: Socket) => void, onFailure: () => void): void => {
  const upstream = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
  const fail = (): void => {
    upstream.destroy();
    onFailure();
  };
  upstream.setTimeout(connectTimeoutMs, fail);
  upstream.once("error", fail);
  upstream.once("connect", () => {
    upstream.setTimeout(0);
    upstream.removeListener("timeout", fail);
    upstream.removeListener("error", fail);
    onOpen(upstream);
  });
};

const join = (client: Socket, upstream: Socket): void => {
  if (client.destroyed) {
    upstream.destroy();
    return;
  }
  upstream.on("error", () => upstream.destroy());
  upstream.on("close", () => client.destroySoon());
  client.on("close", () => upstream.destroySoon());
  client.pipe(upstream);
  upstream.pipe(client);
};

/** No proxy at all: an honest 503 instead of a cut. */
const refuse = (client: Socket): void => {
  const body = "No proxy is available on any node.";
  client.end(
    `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nretry-after: 1\r\nconnection: close\r\n\r\n${body}`,
  );
};
