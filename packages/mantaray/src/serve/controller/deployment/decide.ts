import { controllerLimits } from "../limits.ts";
import { chooseVictims } from "./choose-victims.ts";
import { decideMove } from "./decide-move.ts";
import type { DeploymentPlan, DeploymentView, ReplicaView, StopAction } from "./plan.ts";

/**
 * What to do about one deployment. Pure: the same view gives the same plan.
 *
 * D1  Start before stop: during a rollout as many replicas serve as are wanted, unless fewer could.
 * D2  Never more than `wanted` plus the surge live at once (a replica that stops is not counted), nor more
 *     than one more for each that runs on a draining node: a drain has a deadline, so all of them move at once.
 * D3  When a new replica finds no place, because of `max_replicas_per_node` or resources, one old replica
 *     goes first: after 2 s where enough others serve, after 10 s where it is the last one or the
 *     deployment is short already; never where no node could hold a new one, and not again until the
 *     last sacrifice has helped.
 * D4  A replica on a draining node is an old one. When the time of the drain is up it stops in order, though
 *     nothing may have taken its place: it would be stopped with its node.
 * D5  Settings change in place, as many at once as the surge allows.
 */
export const decideDeployment = (view: DeploymentView): DeploymentPlan => {
  const sorted = sortReplicas(view);
  const stops: StopAction[] = sorted.oldStarting.map((replica) => ({
    id: replica.id,
    force: true,
    reason: view.wanted === 0 ? "the deployment is being deleted" : stopReason(view, replica),
  }));
  if (view.wanted === 0) return stopEverything(view, sorted, stops);

  const surge = surgeOf(view);
  const room = decideRoom(view, sorted);
  stops.push(...stopOld(view, sorted, room));
  const late = stopLate(view, sorted, new Set(stops.map((stop) => stop.id)));
  stops.push(...late.stops);
  const stopped = new Set(stops.map((stop) => stop.id));
  const oldStaying = sorted.oldRunning.filter((replica) => !stopped.has(replica.id));
  const serving = sorted.freshRunning.length + oldStaying.length;
  const movers = sorted.fresh.filter((replica) => isMoving(replica));
  const missing = view.wanted - (sorted.fresh.length - movers.length);
  // While old ones are there, the whole is bounded by the surge; without them by what is wanted.
  const moving = oldStaying.filter((replica) => sorted.draining.has(replica)).length;
  const bound = view.wanted + Math.max(surge, moving);
  const free = oldStaying.length === 0 ? missing : bound - sorted.fresh.length - oldStaying.length;
  const startable = Math.max(0, Math.min(missing, free));
  const waits = startable > 0 && view.nowMs < view.startAllowedAtMs;
  const starts: { movesTo: ReplicaView["movesTo"] }[] = waits
    ? []
    : Array.from({ length: startable }, () => ({ movesTo: null }));
  stops.push(...stopExtra(view, sorted, movers.length));

  const quiet = starts.length === 0 && stops.length === 0 && sorted.old.length === 0;
  const move = quiet ? decideMove(view, sorted.fresh, movers) : { wakeAtMs: null };
  if (move.startOn !== undefined) starts.push({ movesTo: move.startOn });
  if (move.giveUp !== undefined) {
    stops.push({ id: move.giveUp, force: true, reason: "the node it was to move to has no room" });
  }
  return {
    starts,
    stops,
    reconfigures: chooseReconfigures(view, sorted, surge),
    makesRoom: room.makesRoom,
    undercuts: late.stops.length > 0 && serving < view.wanted,
    healthy: isHealthy(view, sorted),
    wakeAtMs: earliest(waits ? view.startAllowedAtMs : null, room.wakeAtMs, late.wakeAtMs, move.wakeAtMs),
  };
};

/** The replicas of a deployment by what the rollout does with them; stopping ones are in none. */
interface Sorted {
  /** Of the wanted version, on a node that stays. */
  readonly fresh: readonly ReplicaView[];
  readonly freshRunning: readonly ReplicaView[];
  readonly old: readonly ReplicaView[];
  readonly oldRunning: readonly ReplicaView[];
  readonly oldStarting: readonly ReplicaView[];
  readonly stopping: readonly ReplicaView[];
  /** Of the old ones those on draining nodes. */
  readonly draining: ReadonlySet<ReplicaView>;
}

const sortReplicas = (view: DeploymentView): Sorted => {
  const drainingNodes = new Set(view.nodes.filter((node) => node.draining).map((node) => node.id));
  const sorted = {
    fresh: [] as ReplicaView[],
    freshRunning: [] as ReplicaView[],
    old: [] as ReplicaView[],
    oldRunning: [] as ReplicaView[],
    oldStarting: [] as ReplicaView[],
    stopping: [] as ReplicaView[],
    draining: new Set<ReplicaView>(),
  };
  for (const replica of view.replicas) {
    if (replica.phase === "STOPPING") {
      sorted.stopping.push(replica);
      continue;
    }
    const leaves = replica.nodeId !== null && drainingNodes.has(replica.nodeId);
    if (leaves) sorted.draining.add(replica);
    if (leaves || replica.version !== view.version) {
      sorted.old.push(replica);
      (replica.phase === "RUNNING" ? sorted.oldRunning : sorted.oldStarting).push(replica);
    } else {
      sorted.fresh.push(replica);
      if (replica.phase === "RUNNING") sorted.freshRunning.push(replica);
    }
  }
  return sorted;
};

/** Replicas that may run on top of the wanted ones during a rollout: at least one. */
const surgeOf = (view: Pick<DeploymentView, "wanted" | "surgeShare">): number =>
  Math.max(1, Math.ceil(view.surgeShare * view.wanted));

const isMoving = (replica: ReplicaView): boolean => replica.movesTo !== null && replica.phase === "STARTING";

const stopEverything = (view: DeploymentView, sorted: Sorted, stops: StopAction[]): DeploymentPlan => {
  for (const replica of [...sorted.fresh, ...sorted.oldRunning]) {
    stops.push({ id: replica.id, force: replica.phase === "STARTING", reason: "the deployment wants no replicas" });
  }
  const healthy = view.replicas.every((replica) => replica.phase === "STOPPING");
  return { starts: [], stops, reconfigures: [], makesRoom: false, undercuts: false, healthy, wakeAtMs: null };
};

/** D3: how many must go on serving, and whether one goes first. */
interface Room {
  readonly minServing: number;
  readonly makesRoom: boolean;
  readonly wakeAtMs: number | null;
}

const decideRoom = (view: DeploymentView, sorted: Sorted): Room => {
  const keep = { minServing: view.wanted, makesRoom: false, wakeAtMs: null };
  const blockedSince = sorted.fresh
    .filter((replica) => replica.phase === "STARTING" && replica.blockedSinceMs !== null)
    .map((replica) => replica.blockedSinceMs as number);
  const waitsForOther = sorted.stopping.length > 0 || view.makingRoomFailed;
  // The end of one on a draining node makes no room: nothing is placed there.
  const canGiveWay = sorted.oldRunning.some((replica) => !sorted.draining.has(replica));
  if (blockedSince.length === 0 || !canGiveWay || waitsForOther) return keep;
  if (!view.nodes.some((node) => node.fits && !node.draining)) return keep;
  const serving = sorted.freshRunning.length + sorted.oldRunning.length;
  const othersEnough = serving >= view.wanted && view.wanted > 1;
  const dueMs =
    Math.min(...blockedSince) + (othersEnough ? controllerLimits.blockedMs : controllerLimits.blockedLastMs);
  if (view.nowMs < dueMs) return { ...keep, wakeAtMs: dueMs };
  return { minServing: Math.max(0, Math.min(serving, view.wanted) - 1), makesRoom: true, wakeAtMs: null };
};

/** D1: old ones go as soon as enough others serve, those on draining nodes first, unless one has to make room. */
const stopOld = (view: DeploymentView, sorted: Sorted, room: Room): StopAction[] => {
  const serving = sorted.freshRunning.length + sorted.oldRunning.length;
  const count = Math.max(0, Math.min(sorted.oldRunning.length, serving - room.minServing));
  const leaving = sorted.oldRunning.filter((replica) => sorted.draining.has(replica));
  const staying = sorted.oldRunning.filter((replica) => !sorted.draining.has(replica));
  const [first, second] = room.makesRoom ? [staying, leaving] : [leaving, staying];
  const victims = chooseVictims(first, sorted.oldRunning, count);
  victims.push(...chooseVictims(second, sorted.oldRunning, count - victims.length));
  return victims.map((replica) => ({ id: replica.id, force: false, reason: stopReason(view, replica) }));
};

const stopReason = (view: DeploymentView, replica: ReplicaView): string =>
  replica.version === view.version ? "its node drains" : "a newer version takes its place";

/** D4: what still runs on a node whose drain is nearly over. */
const stopLate = (
  view: DeploymentView,
  sorted: Sorted,
  stopped: ReadonlySet<string>,
): { stops: StopAction[]; wakeAtMs: number | null } => {
  const times = new Map(view.nodes.map((node) => [node.id, node.drainStopAtMs]));
  const timed = sorted.oldRunning.flatMap((replica) => {
    const atMs = replica.nodeId !== null && sorted.draining.has(replica) ? (times.get(replica.nodeId) ?? null) : null;
    return atMs === null || stopped.has(replica.id) ? [] : [{ id: replica.id, atMs }];
  });
  const due = timed.filter(({ atMs }) => atMs <= view.nowMs);
  const later = timed.filter(({ atMs }) => atMs > view.nowMs);
  return {
    stops: due.map(({ id }) => ({ id, force: false, reason: "its node drains and the time for it is up" })),
    wakeAtMs: earliest(...later.map(({ atMs }) => atMs)),
  };
};

/** More than wanted: what does not run yet goes first, then those on the fullest nodes. */
const stopExtra = (view: DeploymentView, sorted: Sorted, movers: number): StopAction[] => {
  const candidates = sorted.fresh.filter((replica) => !isMoving(replica));
  const extra = sorted.fresh.length - movers - view.wanted;
  return chooseVictims(candidates, sorted.fresh, Math.max(0, extra)).map((replica) => ({
    id: replica.id,
    force: replica.phase === "STARTING",
    reason: "fewer replicas are wanted",
  }));
};

/** D5. */
const chooseReconfigures = (view: DeploymentView, sorted: Sorted, surge: number): string[] => {
  const underWay = sorted.freshRunning.filter((replica) => replica.reconfiguring).length;
  return sorted.freshRunning
    .filter((replica) => !replica.reconfiguring && replica.settings !== view.settings)
    .slice(0, Math.max(0, surge - underWay))
    .map((replica) => replica.id);
};

const isHealthy = (view: DeploymentView, sorted: Sorted): boolean =>
  sorted.old.length === 0 &&
  sorted.freshRunning.length >= view.wanted &&
  sorted.freshRunning.every((replica) => !replica.reconfiguring && replica.settings === view.settings);

const earliest = (...times: readonly (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
};
