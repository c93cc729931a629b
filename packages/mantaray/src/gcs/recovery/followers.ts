import type { Clock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { sleep } from "../../base/wait.ts";
import { agentService, type NodeRecord } from "../../protocol/node.ts";
import { createClient, dial } from "../../rpc/index.ts";
import type { Authority } from "../leadership.ts";
import { gcsLimits } from "../limits.ts";
import type { AgentSessions } from "../nodes/agent-session.ts";
import type { Recovery } from "./recovery.ts";

/** What calling the nodes together needs. */
export interface FollowersDeps {
  /** Nodes as the tables had them. */
  readonly nodes: readonly NodeRecord[];
  /** Where this control store is dialled. */
  readonly address: string;
  readonly token: string;
  readonly authority: Authority;
  readonly sessions: AgentSessions;
  readonly recovery: Recovery;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Tells every node, on a link of its own to its agent, who leads now, so that all come at once; again while the
 * recovery waits for them. The node whose control store led before is given up sooner than others: when its
 * agent refuses connections, or says nothing for a while.
 */
export const callFollowers = async (deps: FollowersDeps): Promise<void> => {
  const waiting = [...deps.nodes];
  const worker = async (): Promise<void> => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await callFollower(deps, node);
  };
  await Promise.all(Array.from({ length: gcsLimits.followParallelMax }, worker));
};

const callFollower = async (deps: FollowersDeps, node: NodeRecord): Promise<void> => {
  const { sessions, recovery, authority, clock, log, signal, address } = deps;
  const { nodeId } = node;
  const isFormerHead = node.isHead && node.gcsAddress !== "" && node.gcsAddress !== address;
  const startMs = clock.nowMs();
  let refusals = 0;
  while (recovery.active && !signal.aborted && sessions.get(nodeId) === undefined) {
    try {
      await tell(deps, node);
      refusals = 0;
    } catch (thrown) {
      const error = MantaError.from(thrown);
      log.debug({ nodeId, err: error }, "a node does not hear who leads");
      if (error.code === "stale_epoch") authority.suspect();
      refusals = isRefusal(error) ? refusals + 1 : 0;
    }
    const isGone = refusals >= gcsLimits.formerHeadRefusalsMax || clock.nowMs() - startMs >= gcsLimits.formerHeadWaitMs;
    if (isFormerHead && isGone && sessions.get(nodeId) === undefined) {
      log.info({ nodeId, refusals }, "the node that led before is not waited for");
      recovery.giveUp(nodeId);
      return;
    }
    await sleep(clock, gcsLimits.followRetryMs, signal).catch(() => undefined);
  }
};

const tell = async ({ token, address, authority, clock, log, signal }: FollowersDeps, node: NodeRecord) => {
  const link = await dial(node.addresses.tcp, {
    token,
    identity: { role: "gcs", id: "" },
    timeoutMs: gcsLimits.followDialTimeoutMs,
    clock,
    log,
    signal,
  });
  try {
    const { epoch } = authority;
    const agent = createClient(link, agentService);
    await agent.followLeader({ epoch, address }, { timeoutMs: gcsLimits.followCallTimeoutMs });
  } finally {
    link.close("told");
  }
};

/** Its machine lives and its agent does not. */
const isRefusal = (error: MantaError): boolean => error.message.includes("ECONNREFUSED");
