import type { RoutingReplica } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/types.ts";

type Avoidance = "none" | "probing" | "avoided";

const troubles = { suspect: 1, probing: 2, avoided: 4 } as const;

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
  /** 0: nothing speaks against it. Else `suspect` and `avoidance` say what; one number, for one look. */
  trouble = 0;
  /** Requests of ours it has now. */
  outstanding = 0;
  /** Requests of others it had when it last spoke, as long as that is news. */
  othersLoad = 0;
  /** It has spoken since `forgetOthers` was called last. */
  #spoke = false;

  constructor(info: RoutingReplica, local: boolean) {
    this.info = info;
    this.local = local;
  }

  /** Its link broke lately: only where there is no other. */
  get suspect(): boolean {
    return (this.trouble & troubles.suspect) !== 0;
  }

  set suspect(suspect: boolean) {
    this.trouble = suspect ? this.trouble | troubles.suspect : this.trouble & ~troubles.suspect;
  }

  /** Silent, or failing again and again: `avoided` gets nothing, `probing` one request at a time. */
  get avoidance(): Avoidance {
    if ((this.trouble & troubles.avoided) !== 0) return "avoided";
    return (this.trouble & troubles.probing) === 0 ? "none" : "probing";
  }

  set avoidance(avoidance: Avoidance) {
    const others = this.trouble & troubles.suspect;
    this.trouble = avoidance === "none" ? others : others | troubles[avoidance];
  }

  /** Takes the queue length that came with a frame. */
  onLoad(load: number): void {
    this.othersLoad = load > this.outstanding ? load - this.outstanding : 0;
    this.#spoke = true;
  }

  /**
   * Called about once a second: what others had is old news unless it has spoken meanwhile. One that was busy once
   * and is not asked since would otherwise never be asked again.
   */
  forgetOthers(): void {
    if (!this.#spoke) this.othersLoad = 0;
    this.#spoke = false;
  }
}
