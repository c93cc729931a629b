import { MantaError } from "../../base/errors.ts";
import { version } from "../../base/version.ts";
import { type GcsService, gcsService } from "../../protocol/gcs.ts";
import type { CallContext, Implementation } from "../../rpc/index.ts";
import type { Cluster } from "../cluster.ts";
import type { StoreHealth } from "../state/store-health.ts";
import { gcsImplementation } from "./gcs-implementation.ts";

/** What this control store is at the moment. */
export type Role =
  /** `leader`: `tcp:host:port`; empty where it is not known. */
  { readonly kind: "standby"; readonly leader: string } | { readonly kind: "leader"; readonly cluster: Cluster };

/** What a standby says of itself. */
export interface StandbyFacts {
  readonly sessionName: string;
  /** Wall clock of this process's start, ms. */
  readonly startMs: number;
  readonly health: StoreHealth;
}

type Call = (request: unknown, context: CallContext) => unknown;

/**
 * Answers every call by the role of the moment: a leader whose lease is in doubt when that is cleared, a standby
 * with `not_leader` and the leader's address, but for `ping`.
 */
export const roleImplementation = (role: () => Role, facts: StandbyFacts): Implementation<GcsService> => {
  const implementations = new WeakMap<Cluster, Record<string, Call>>();
  const leading = (cluster: Cluster): Record<string, Call> => {
    const known = implementations.get(cluster);
    if (known !== undefined) return known;
    const made = gcsImplementation(cluster) as unknown as Record<string, Call>;
    implementations.set(cluster, made);
    return made;
  };
  const answer =
    (name: string): Call =>
    (request, context) => {
      const now = role();
      if (now.kind === "standby") {
        if (name === "ping") return standbyPing(facts, now.leader);
        throw notLeader(now.leader);
      }
      const { cluster } = now;
      const method = leading(cluster)[name];
      // A stream tells what has changed here, and orders nothing.
      if (name === "subscribe") return method?.(request, context);
      return lead(now, () => method?.(request, context));
    };
  /** Whatever a leader that has lost its lease answers is said by nobody: its caller looks for the next one. */
  const lead = async (leader: Extract<Role, { kind: "leader" }>, call: () => unknown): Promise<unknown> => {
    try {
      await leader.cluster.authority.confirmed();
      return await call();
    } catch (error) {
      const now = role();
      if (now === leader) throw error;
      throw notLeader(now.kind === "standby" ? now.leader : "");
    }
  };
  const methods = Object.keys(gcsService.methods).map((name) => [name, answer(name)]);
  return Object.fromEntries(methods) as Implementation<GcsService>;
};

const notLeader = (leader: string): MantaError =>
  new MantaError("not_leader", leader === "" ? "this control store does not lead" : `${leader} leads`, {
    details: { leader },
  });

const standbyPing = ({ sessionName, startMs, health }: StandbyFacts, leader: string) => ({
  sessionName,
  version,
  startMs,
  recovering: false,
  role: "standby" as const,
  epoch: 0,
  leader,
  store: { available: health.available, reason: health.reason },
});
