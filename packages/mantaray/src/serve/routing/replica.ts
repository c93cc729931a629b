import type { RoutingReplica } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/types.ts";

/** One replica as this process knows it. Plain fields, for `choose` reads all of them for every request. */
export class Replica {
  readonly info: RoutingReplica;
  /** On our own node. */
  readonly local: boolean;
  link: Link | undefined = undefined;
  /** Has a link that takes new streams. */
  usable = false;
  /** It said "full" (or "draining") a moment ago. */
  blocked = false;
  /** Its link broke lately: only where there is no other. */
  suspect = false;
  /** Silent, or failing again and again: `avoided` gets nothing, `probing` one request at a time. */
  avoidance: "none" | "probing" | "avoided" = "none";
  /** Requests of ours it has now. */
  outstanding = 0;
  /** Requests of others it had when it last spoke. */
  othersLoad = 0;

  constructor(info: RoutingReplica, local: boolean) {
    this.info = info;
    this.local = local;
  }

  /** Takes the queue length that came with a frame. */
  onLoad(load: number): void {
    this.othersLoad = load > this.outstanding ? load - this.outstanding : 0;
  }
}
