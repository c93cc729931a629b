import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { RoutingReplica } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/types.ts";
import { dialBackoff, rejectBackoff, routingLimits } from "./limits.ts";
import { Replica } from "./replica.ts";

/** What a `ReplicaLink` is made with. */
export interface ReplicaLinkDeps {
  /** Opens a link to the replica; picks unix or TCP, has its own time limit. */
  connect(replica: RoutingReplica): Promise<Link>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The link of this process to one replica, from the snapshot that names it to the one that does not.
 * L1: as long as it is wanted, a missing link is dialled again, with back-off, for ever.
 * L2: a broken link takes the replica out of choice at once; it is a suspicion, not a death.
 * L3: `leave` lets open streams finish; `down` ends them now.
 */
export class ReplicaLink extends Replica {
  readonly #deps: ReplicaLinkDeps;
  /** Called when the replica may have room again. */
  readonly #onRoom: () => void;
  readonly #dialBackoff: Backoff;
  readonly #rejectBackoff: Backoff;
  #wanted = true;
  #leaving = false;
  /** It rejected since its last answer. */
  #rejected = false;
  #dialTimer: Timer | undefined;
  #blockTimer: Timer | undefined;
  #suspectTimer: Timer | undefined;

  constructor(info: RoutingReplica, local: boolean, deps: ReplicaLinkDeps, onRoom: () => void) {
    super(info, local);
    this.#deps = deps;
    this.#onRoom = onRoom;
    this.#dialBackoff = new Backoff(dialBackoff, deps.random);
    this.#rejectBackoff = new Backoff(rejectBackoff, deps.random);
    this.#dial();
  }

  /** It took no notice of a request. */
  onReject(load: number): void {
    this.onLoad(load);
    if (this.blocked) return;
    this.blocked = true;
    this.#rejected = true;
    this.#blockTimer = this.#deps.clock.after(this.#rejectBackoff.nextMs(), () => this.#unblock(), { unref: true });
  }

  /** A stream could not be opened on `link`. True: because of the link, which is not chosen again for now. */
  onOpenFailed(link: Link, code: ErrorCode): boolean {
    if (link.closed || code === "link_lost") this.lost(link, code);
    else if (link.peerDraining || code === "draining") this.usable = false;
    else if (code === "resource_exhausted") this.onReject(this.outstanding);
    else return false;
    return true;
  }

  /** It began an answer; `load` came with it. */
  onAnswer(load: number): void {
    this.onLoad(load);
    if (!this.#rejected) return;
    this.#rejected = false;
    this.#rejectBackoff.reset();
    if (this.blocked) this.#unblock();
  }

  /** The link broke, whoever noticed first. */
  lost(link: Link, reason: string): void {
    if (this.link !== link) return;
    this.link = undefined;
    this.usable = false;
    this.suspect = true;
    this.#suspectTimer?.cancel();
    if (!this.#wanted) return;
    this.#deps.log.debug({ replica: this.info.replicaId, reason }, "link to replica broke");
    this.#dialLater();
  }

  /** A stream of ours has ended. */
  onReleased(): void {
    this.outstanding -= 1;
    if (this.#leaving && this.outstanding === 0) this.link?.close("the replica left");
  }

  /** Not in the snapshot any more: no new streams; the link closes when the open ones have finished. */
  leave(): void {
    this.#retire();
    this.#leaving = true;
    if (this.outstanding === 0) this.link?.close("the replica left");
  }

  /** Its owner says it is dead: open streams end now and go elsewhere. */
  down(): void {
    this.#retire();
    this.link?.close("the replica is dead");
  }

  #retire(): void {
    this.#wanted = false;
    this.usable = false;
    this.#dialTimer?.cancel();
    this.#blockTimer?.cancel();
    this.#suspectTimer?.cancel();
  }

  #unblock(): void {
    this.#blockTimer?.cancel();
    this.#blockTimer = undefined;
    this.blocked = false;
    this.#onRoom();
  }

  #dialLater(): void {
    this.#dialTimer = this.#deps.clock.after(this.#dialBackoff.nextMs(), () => this.#dial(), { unref: true });
  }

  #dial(): void {
    this.#deps.connect(this.info).then(
      (link) => this.#onLink(link),
      (error: unknown) => {
        if (!this.#wanted) return;
        this.#deps.log.debug({ replica: this.info.replicaId, error }, "cannot reach replica");
        this.suspect = true;
        this.#dialLater();
      },
    );
  }

  #onLink(link: Link): void {
    if (!this.#wanted) {
      link.close("the replica left");
      return;
    }
    this.link = link;
    link.onClose((reason) => this.lost(link, reason));
    link.onPeerDraining(() => {
      if (this.link === link) this.usable = false;
    });
    if (link.closed) {
      this.lost(link, "closed while it was dialled");
      return;
    }
    this.usable = !link.peerDraining;
    this.blocked = false;
    this.othersLoad = 0;
    if (this.suspect) {
      this.#suspectTimer = this.#deps.clock.after(routingLimits.suspectMs, () => this.#trust(), { unref: true });
    }
    this.#onRoom();
  }

  /** Up long enough to be believed; only now does the next break start from the shortest back-off. */
  #trust(): void {
    this.suspect = false;
    this.#dialBackoff.reset();
  }
}
