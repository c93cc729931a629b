import { WebSocketServer } from "ws";
import { replicaLimits } from "../limits.ts";

/** An open one. */
interface Leaving {
  /** Tells its client to come back. */
  leave(): void;
}

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
  readonly #open = new Set<Leaving>();

  add(call: Leaving): void {
    this.#open.add(call);
  }

  delete(call: Leaving): void {
    this.#open.delete(call);
  }

  /** Tells every client to come back: they end by themselves. */
  leave(): void {
    this.leaving = true;
    for (const call of this.#open) call.leave();
  }
}
