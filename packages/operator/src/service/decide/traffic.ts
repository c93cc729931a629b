/** A cluster's part in an incremental upgrade, in percent. */
export interface Share {
  /** `target_capacity`. */
  readonly capacity: number;
  /** Weight of its traffic. */
  readonly weight: number;
  /** When the weight changed last; undefined: never. */
  readonly movedAtMs: number | undefined;
}

/** The two clusters of an incremental upgrade. */
export interface Shares {
  readonly active: Share;
  readonly pending: Share;
}

/** How fast it may go. */
export interface Pace {
  readonly surge: number;
  readonly step: number;
  readonly intervalMs: number;
}

/** What a step may rely on. */
export interface TrafficContext {
  readonly nowMs: number;
  /** Gateway and route do what they were told. */
  readonly gatewayReady: boolean;
  /** All applications of the new cluster run with its capacity. */
  readonly pendingReady: boolean;
}

/**
 * The next step of an incremental upgrade (reference, section 4.9): capacity only once the traffic has caught up with it,
 * traffic only up to the capacity. I1: both shares of the traffic are 100 together. I2: one change of traffic an interval.
 */
export const stepForward = (shares: Shares, pace: Pace, context: TrafficContext): Shares => {
  if (!context.gatewayReady) return shares;
  const { active, pending } = shares;
  if (pending.capacity === pending.weight) {
    if (active.capacity + pending.capacity <= 100)
      return { active, pending: { ...pending, capacity: Math.min(100, pending.capacity + pace.surge) } };
    return { active: { ...active, capacity: Math.max(0, active.capacity - pace.surge) }, pending };
  }
  if (!context.pendingReady || !isDue(pending, pace, context)) return shares;
  const weight = Math.min(100, pending.weight + pace.step, Math.max(pending.capacity, pending.weight));
  return moved(shares, weight, context);
};

/** The way back: the active cluster takes all again, whatever the other does. */
export const stepBack = (shares: Shares, pace: Pace, context: TrafficContext): Shares => {
  if (!context.gatewayReady) return shares;
  const { active, pending } = shares;
  if (active.capacity === active.weight) {
    if (active.capacity + pending.capacity > 100)
      return { active, pending: { ...pending, capacity: Math.max(0, pending.capacity - pace.surge) } };
    return { active: { ...active, capacity: Math.min(100, active.capacity + pace.surge) }, pending };
  }
  if (!isDue(active, pace, context)) return shares;
  const weight = Math.min(100, active.weight + pace.step, Math.max(active.capacity, active.weight));
  return moved(shares, 100 - weight, context);
};

/** Whether the new cluster has everything. */
export const isForwardDone = ({ active, pending }: Shares): boolean => active.capacity === 0 && pending.weight === 100;

/** Whether the old one has everything again; of a new one without a head nothing has to be waited for. */
export const isBackDone = ({ active, pending }: Shares, pendingHeadReady: boolean): boolean =>
  active.capacity === 100 &&
  active.weight === 100 &&
  ((pending.capacity === 0 && pending.weight === 0) || !pendingHeadReady);

const isDue = (share: Share, { intervalMs }: Pace, { nowMs }: TrafficContext): boolean =>
  share.movedAtMs === undefined || nowMs - share.movedAtMs >= intervalMs;

const moved = ({ active, pending }: Shares, pendingWeight: number, { nowMs }: TrafficContext): Shares =>
  pendingWeight === pending.weight
    ? { active, pending }
    : {
        active: { ...active, weight: 100 - pendingWeight, movedAtMs: nowMs },
        pending: { ...pending, weight: pendingWeight, movedAtMs: nowMs },
      };
