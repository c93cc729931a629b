import { Backoff } from "../../base/backoff.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { RoutingReplica } from "../../protocol/routing.ts";
import type { Link } from "../../rpc/types.ts";
import { avoidBackoff, dialBackoff, rejectBackoff, routingLimits } from "./limits.ts";
import { Replica } from "./replica.ts";
import type { SilenceHabit } from "./silence-habit.ts";

/** What a `ReplicaLink` is made with. */
export interface ReplicaLinkDeps {
  /** Opens a link to the replica; picks unix or TCP, has its own time limit. */
  connect(replica: RoutingReplica): Promise<Link>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a `ReplicaLink` asks and tells the set it belongs to. */
export interface ReplicaLinkHost {
  readonly habit: SilenceHabit;
  /** The replica may have room again. */
  onRoom(): void;
  /** It can be reached, or is avoided, as it was not before. */
  onChange(): void;
  /** Counts a replica that begins to be avoided. */
  onOutlier(): void;
  /** Enough others are left to take what this one has. */
  canSpare(): boolean;
}

/**
 * The link of this process to one replica, from the snapshot that names it to the one that does not.
 * L1: as long as it is wanted, a missing link is dialled again, with back-off, for ever.
 * L2: a broken link takes the replica out of choice at once; it is a suspicion, not a death.
 * L3: `leave` lets open streams finish; `down` ends them now.
 * L4: silent (the link says so): avoided at once. Where others are left the link is given up for a new one,
 *     whose handshake is the probe: what may go elsewhere does, what runs here may still finish.
 * L5: failing again and again: avoided with back-off, then one request at a time until one is answered.
 */
export class ReplicaLink extends Replica {
  readonly #deps: ReplicaLinkDeps;
  readonly #host: ReplicaLinkHost;
  /** Given up while silent; each closes when its last stream has ended. */
  readonly #withdrawn = new Set<Link>();
  readonly #dialBackoff: Backoff;
  readonly #rejectBackoff: Backoff;
  readonly #avoidBackoff: Backoff;
  #wanted = true;
  #leaving = false;
  /** It rejected since its last answer. */
  #rejected = false;
  #dialTimer: Timer | undefined;
  #blockTimer: Timer | undefined;
  #suspectTimer: Timer | undefined;
  #avoidTimer: Timer | undefined;
  #failures = 0;
  #avoidedAtMs = Number.NEGATIVE_INFINITY;
  /** Since when it says nothing; 0: it does. */
  #silentSinceMs = 0;

  /** `revival`: its former life is said to be over; whether there is a next one shows in a moment. */
  constructor(info: RoutingReplica, local: boolean, deps: ReplicaLinkDeps, host: ReplicaLinkHost, revival = false) {
    super(info, local);
    this.#deps = deps;
    this.#host = host;
    this.#dialBackoff = new Backoff(dialBackoff, deps.random);
    this.#rejectBackoff = new Backoff(rejectBackoff, deps.random);
    this.#avoidBackoff = new Backoff(avoidBackoff, deps.random);
    this.suspect = revival;
    if (revival) {
      this.#dialTimer = deps.clock.after(routingLimits.revivalDialMs, () => this.#dial(), { unref: true });
    } else this.#dial();
  }

  /** It took no notice of a request. */
  onReject(load: number): void {
    if (this.avoidance === "probing") this.#trustAgain();
    this.block(load);
  }

  /** It has no room, or takes nothing. */
  block(load: number): void {
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
    else if (code === "resource_exhausted") this.block(this.outstanding);
    else return false;
    return true;
  }

  /** It began an answer; `load` came with it. */
  onAnswer(load: number): void {
    this.onLoad(load);
    this.#failures = 0;
    if (this.trouble !== 0 && this.avoidance === "probing") this.#trustAgain();
    if (!this.#rejected) return;
    this.#rejected = false;
    this.#rejectBackoff.reset();
    if (this.blocked) this.#unblock();
  }

  /** Its machinery failed with a request, which was not the request's fault alone if it happens again and again. */
  onFailure(): void {
    this.#failures += 1;
    if (this.avoidance === "none" ? this.#failures < routingLimits.failuresMax : this.avoidance === "avoided") return;
    const { clock, log } = this.#deps;
    const nowMs = clock.nowMs();
    if (nowMs - this.#avoidedAtMs > routingLimits.avoidMemoryMs) this.#avoidBackoff.reset();
    this.#avoidedAtMs = nowMs;
    const delayMs = this.#avoidBackoff.nextMs();
    log.warn({ replica: this.info.replicaId, failures: this.#failures, delayMs }, "replica fails: avoided");
    this.#avoidTimer = clock.after(delayMs, () => this.#probe(), { unref: true });
    this.#avoid();
  }

  /** The link broke, whoever noticed first. */
  lost(link: Link, reason: string): void {
    if (this.link !== link) return;
    this.link = undefined;
    this.usable = false;
    this.suspect = true;
    if (this.#silentSinceMs > 0) {
      this.#silentSinceMs = 0;
      this.#avoidTimer?.cancel();
      this.avoidance = "none";
    }
    this.#host.onChange();
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
    for (const link of [this.link, ...this.#withdrawn]) link?.peerDied("the replica is dead");
  }

  #retire(): void {
    this.#wanted = false;
    this.usable = false;
    this.#dialTimer?.cancel();
    this.#blockTimer?.cancel();
    this.#suspectTimer?.cancel();
    this.#avoidTimer?.cancel();
  }

  #unblock(): void {
    this.#blockTimer?.cancel();
    this.#blockTimer = undefined;
    this.blocked = false;
    this.#host.onRoom();
  }

  #avoid(): void {
    this.avoidance = "avoided";
    this.#host.onOutlier();
    this.#host.onChange();
  }

  /** One request at a time from here on. */
  #probe(): void {
    this.avoidance = "probing";
    this.#host.onChange();
    this.#host.onRoom();
  }

  #trustAgain(): void {
    this.avoidance = "none";
    this.#failures = 0;
    this.#host.onChange();
  }

  #onSuspectChange(link: Link, suspect: boolean): void {
    if (this.link !== link) return;
    if (!suspect) {
      if (this.#silentSinceMs === 0) return;
      this.#endSilence();
      this.#trustAgain();
      this.#host.onRoom();
      return;
    }
    const { clock } = this.#deps;
    this.#silentSinceMs = clock.nowMs();
    this.#avoidTimer?.cancel();
    this.#avoid();
    const patienceMs = this.#host.habit.patienceMs(this.#silentSinceMs);
    if (patienceMs === 0) this.#giveUp(link);
    else this.#lookLater(link, patienceMs);
  }

  #lookLater(link: Link, delayMs: number): void {
    this.#avoidTimer = this.#deps.clock.after(delayMs, () => this.#giveUp(link), { unref: true });
  }

  /** Still silent: what can be taken from it goes elsewhere, and a new link is dialled. */
  #giveUp(link: Link): void {
    if (this.link !== link || this.#silentSinceMs === 0) return;
    if (!this.#host.canSpare()) {
      this.#lookLater(link, routingLimits.silenceLookMs);
      return;
    }
    this.#deps.log.warn({ replica: this.info.replicaId, open: this.outstanding }, "replica is silent: avoided");
    this.link = undefined;
    this.usable = false;
    this.#withdrawn.add(link);
    link.onClose(() => this.#withdrawn.delete(link));
    this.#host.onChange();
    link.withdraw();
    if (this.#wanted) this.#dialLater();
  }

  /** It talks again: how long it did not is remembered. */
  #endSilence(): void {
    if (this.#silentSinceMs === 0) return;
    const nowMs = this.#deps.clock.nowMs();
    this.#host.habit.onEnd(nowMs - this.#silentSinceMs, nowMs);
    this.#silentSinceMs = 0;
    this.#avoidTimer?.cancel();
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
    link.onSuspectChange((suspect) => this.#onSuspectChange(link, suspect));
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
    if (this.#silentSinceMs > 0) {
      this.#endSilence();
      this.avoidance = "probing";
    }
    this.#host.onChange();
    if (this.suspect) {
      this.#suspectTimer = this.#deps.clock.after(routingLimits.suspectMs, () => this.#trust(), { unref: true });
    }
    this.#host.onRoom();
  }

  /** Up long enough to be believed; only now does the next break start from the shortest back-off. */
  #trust(): void {
    this.suspect = false;
    this.#dialBackoff.reset();
  }
}
