import type { Clock, Timer } from "../../base/clock.ts";
import { limits } from "../../base/limits.ts";
import type { RoutingDeployment } from "../../protocol/routing.ts";
import { Call, type CallHost } from "./call.ts";
import type { ChoiceRules, Chooser } from "./choice.ts";
import { newCounters } from "./counters.ts";
import type { Deadlines } from "./deadlines.ts";
import { failures } from "./failures.ts";
import type { HeldBytes } from "./held-body.ts";
import { routingLimits } from "./limits.ts";
import type { OutboundRequest, RequestFailure, Router } from "./outbound-request.ts";
import type { ReplicaLink } from "./replica-link.ts";
import { ReplicaSet, type ReplicaSetDeps, type ReplicaSetHost } from "./replica-set.ts";
import { RetryBudget } from "./retry-budget.ts";
import { WaitQueue } from "./wait-queue.ts";

/** What a router shares with the others of its pool. */
export interface RouterDeps extends ReplicaSetDeps {
  readonly chooser: Chooser;
  readonly deadlines: Deadlines<Call>;
  readonly heldBytes: HeldBytes;
  readonly preferLocal: boolean;
  readonly clock: Clock;
  /** A snapshot has come. */
  hasSnapshot(): boolean;
}

/**
 * The requests of one deployment.
 * R1: the queue is first in, first out; one that had a replica and lost it goes to the front.
 * R2: a waiting request is sent by the event that makes room (an answer, a link, a snapshot), never by a poll.
 * R3: replicas that are there are used, whatever the snapshot says of the deployment.
 */
export class DeploymentRouter implements Router, CallHost, ReplicaSetHost {
  readonly key: string;
  readonly counters = newCounters();
  readonly heldBytes: HeldBytes;
  readonly #deps: RouterDeps;
  readonly #replicas: ReplicaSet;
  readonly #queue = new WaitQueue<Call>();
  readonly #awaitingBudget = new WaitQueue<Call>();
  readonly #budget = new RetryBudget();
  readonly #rules: { maxOngoingRequests: number; panic: boolean } & ChoiceRules;
  #deployment: RoutingDeployment | undefined;
  #open = 0;
  #closing = false;
  #abandoned = false;
  #released = false;
  #budgetTimer: Timer | undefined;

  constructor(key: string, deps: RouterDeps) {
    this.key = key;
    this.heldBytes = deps.heldBytes;
    this.#deps = deps;
    this.#replicas = new ReplicaSet(deps, this);
    this.#rules = {
      maxOngoingRequests: 1,
      preferLocal: deps.preferLocal,
      panic: false,
    };
  }

  get queued(): number {
    return this.#queue.size + this.#awaitingBudget.size;
  }

  get ongoing(): number {
    return this.#open - this.queued;
  }

  get linked(): number {
    return this.#replicas.all.filter(({ usable }) => usable).length;
  }

  get retryNonIdempotent(): boolean {
    return this.#deployment?.retryNonIdempotent ?? false;
  }

  get idempotent(): boolean {
    return this.#deployment?.idempotency !== undefined;
  }

  get backpressure(): RoutingDeployment["backpressure"] {
    return this.#deployment?.backpressure;
  }

  dispatch(request: OutboundRequest): void {
    const call = new Call(this, request);
    request.call = call;
    this.counters.requests += 1;
    this.#open += 1;
    this.#budget.onRequest();
    if (this.#closing) {
      call.fail(failures.closing());
      return;
    }
    if (call.deadlineMs > 0) this.#deps.deadlines.add(call);
    if (this.#queue.size === 0 && this.#trySend(call)) return;
    this.#enqueue(call);
  }

  // What the pool calls

  update(deployment: RoutingDeployment | undefined): void {
    const wasKnown = this.#deployment !== undefined;
    this.#deployment = deployment;
    if (deployment !== undefined) this.#rules.maxOngoingRequests = deployment.maxOngoingRequests;
    this.#replicas.update(deployment?.replicas ?? []);
    if (deployment === undefined) {
      if (wasKnown) this.#failQueue(failures.unknown(this.key));
      return;
    }
    if (!wasKnown) this.#restoreDeadlines();
    if (this.#isHopeless(deployment)) this.#failQueue(failures.unavailable(deployment.app, deployment.deployment));
    this.onRoom();
  }

  /** Actors that are dead, of any deployment. */
  down(actorIds: ReadonlySet<string>): void {
    this.#replicas.down(actorIds);
  }

  /** Once a second. */
  tick(): void {
    this.#budget.tick();
    for (const replica of this.#replicas.all) replica.forgetOthers();
  }

  onDeadline(call: Call, nowMs: number): void {
    const own = call.request.deadlineMs;
    if (own > 0 && own <= nowMs) call.fail(failures.deadline());
    else call.fail(this.#deps.hasSnapshot() ? failures.unknown(this.key) : failures.noSnapshot());
  }

  /** New requests are refused; those that are open go on. */
  close(): void {
    this.#closing = true;
  }

  /** Requests that wait or have a replica. */
  get open(): number {
    return this.#open;
  }

  /** Nobody will ask for it again, unless the pool hands it out once more. */
  get released(): boolean {
    return this.#released;
  }

  release(released: boolean): void {
    this.#released = released;
  }

  /** Ends the links, and with them whatever is still open. */
  abandon(): void {
    this.#closing = true;
    this.#abandoned = true;
    this.#failQueue(failures.closing());
    this.#budgetTimer?.cancel();
    this.#replicas.close();
  }

  // What a call needs

  remainingMs(request: OutboundRequest): number {
    if (request.deadlineMs === 0) return 0;
    const leftMs = Math.ceil(request.deadlineMs - this.#deps.clock.nowMs());
    return leftMs === 0 ? -1 : leftMs;
  }

  get replayBodyBytesMax(): number {
    return this.#deployment?.replayBodyBytesMax ?? limits.replayBodyBytesMax;
  }

  spendRetry(): boolean {
    return this.#budget.trySpend();
  }

  onPanic(panic: boolean): void {
    this.#rules.panic = panic;
  }

  onOutlier(): void {
    this.counters.outliers += 1;
  }

  place(call: Call): void {
    if (this.#abandoned) {
      call.fail(failures.closing());
      return;
    }
    if (this.#trySend(call)) return;
    const deployment = this.#deployment;
    if (deployment !== undefined && this.#isHopeless(deployment)) {
      call.fail(failures.unavailable(deployment.app, deployment.deployment));
      return;
    }
    this.#queue.pushFront(call);
  }

  awaitBudget(call: Call): void {
    if (this.#abandoned) {
      call.fail(failures.closing());
      return;
    }
    if (this.#awaitingBudget.size === 0 && this.#budget.trySpend()) {
      call.repeat();
      return;
    }
    call.budgetWaitSinceMs = this.#deps.clock.nowMs();
    this.#awaitingBudget.push(call);
    this.#pollBudgetLater();
  }

  onDone(call: Call): void {
    this.#open -= 1;
    if (call.waitsIn !== undefined && !this.#queue.remove(call)) this.#awaitingBudget.remove(call);
    this.#deps.deadlines.remove(call);
  }

  onRoom(): void {
    for (;;) {
      const call = this.#queue.head;
      if (call === undefined) return;
      const replica = this.#choose();
      if (replica === undefined) return;
      this.#queue.remove(call);
      if (!call.send(replica)) this.#queue.pushFront(call);
    }
  }

  #choose(): ReplicaLink | undefined {
    return this.#deps.chooser.choose(this.#replicas.all, this.#replicas.local, this.#rules);
  }

  /** Each failed `send` makes its replica ineligible, so this ends. */
  #trySend(call: Call): boolean {
    for (;;) {
      const replica = this.#choose();
      if (replica === undefined) return false;
      if (call.send(replica)) return true;
    }
  }

  #enqueue(call: Call): void {
    const deployment = this.#deployment;
    if (deployment !== undefined && this.#isHopeless(deployment)) {
      call.fail(failures.unavailable(deployment.app, deployment.deployment));
      return;
    }
    const queuedMax = this.#queuedMax();
    if (this.#queue.size >= queuedMax) {
      call.fail(failures.queueFull(this.#queue.size, queuedMax));
      return;
    }
    this.counters.queued += 1;
    this.#queue.push(call);
    if (deployment === undefined) this.#expireSoon(call);
  }

  #queuedMax(): number {
    const asked = this.#deployment?.maxQueuedRequests ?? -1;
    return asked === -1 ? routingLimits.queuedRequestsMax : Math.min(asked, routingLimits.queuedRequestsMax);
  }

  /** Nobody answers, and nobody is going to. */
  #isHopeless(deployment: RoutingDeployment): boolean {
    return !deployment.available && !this.#replicas.hopeful;
  }

  /** Our snapshot may be behind, but not for long: an unknown deployment gets a deadline of its own. */
  #expireSoon(call: Call): void {
    const soonMs = this.#deps.clock.nowMs() + routingLimits.unknownDeploymentWaitMs;
    if (call.deadlineMs > 0 && call.deadlineMs <= soonMs) return;
    this.#deps.deadlines.remove(call);
    call.deadlineMs = soonMs;
    this.#deps.deadlines.add(call);
  }

  #restoreDeadlines(): void {
    for (let call = this.#queue.head; call !== undefined; call = call.waitNext) {
      if (call.deadlineMs === call.request.deadlineMs) continue;
      this.#deps.deadlines.remove(call);
      call.deadlineMs = call.request.deadlineMs;
      if (call.deadlineMs > 0) this.#deps.deadlines.add(call);
    }
  }

  #failQueue(failure: RequestFailure): void {
    for (const queue of [this.#queue, this.#awaitingBudget]) {
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) call.fail(failure);
    }
  }

  #pollBudgetLater(): void {
    this.#budgetTimer ??= this.#deps.clock.after(routingLimits.budgetPollMs, () => this.#pollBudget());
  }

  #pollBudget(): void {
    this.#budgetTimer = undefined;
    const givenUpMs = this.#deps.clock.nowMs() - routingLimits.budgetWaitMs;
    for (let call = this.#awaitingBudget.head; call !== undefined; call = this.#awaitingBudget.head) {
      const spent = this.#budget.trySpend();
      if (!spent && call.budgetWaitSinceMs > givenUpMs) break;
      this.#awaitingBudget.remove(call);
      if (spent) call.repeat();
      else call.fail(failures.budget());
    }
    if (this.#awaitingBudget.size > 0) this.#pollBudgetLater();
  }
}
