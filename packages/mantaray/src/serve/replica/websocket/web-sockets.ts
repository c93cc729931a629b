import { WebSocketServer } from "ws";
import { replicaLimits } from "../limits.ts";
import type { WebSocketCall } from "./web-socket-call.ts";

/** The open WebSockets of a replica. */
export class WebSockets {
  /** Listens nowhere: shakes hands on streams it is given. */
  readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: replicaLimits.webSocketMessageBytesMax,
  });
  /** The replica takes leave of each. */
  leaving = false;
  readonly #open = new Set<WebSocketCall>();

  add(call: WebSocketCall): void {
    this.#open.add(call);
  }

  delete(call: WebSocketCall): void {
    this.#open.delete(call);
  }

  /** Tells every client to come back: they end by themselves. */
  leave(): void {
    this.leaving = true;
    for (const call of this.#open) call.leave();
  }
}
