import { waitFor } from "../base/wait.ts";
import type { NodeLocalService } from "../protocol/worker.ts";
import type { Client } from "../rpc/index.ts";
import type { KeptSockets } from "./actor-module.ts";
import type { AgentChannel } from "./agent-channel.ts";
import { workerLimits } from "./limits.ts";

/** The agent's listening sockets, for the actor of this process. */
export const keptSockets = (agent: Client<NodeLocalService>, channel: AgentChannel): KeptSockets => ({
  take: async (host, port) => {
    await agent.listenSocket({ host, port });
    // Channel and link are two ways: the answer may overtake the socket.
    const timeoutMs = workerLimits.socketTimeoutMs;
    return waitFor(() => channel.socket(), { timeoutMs, what: "the socket from the agent", intervalMs: 2 });
  },
  release: async () => {
    await agent.releaseSockets({}, { timeoutMs: workerLimits.socketTimeoutMs });
  },
  handOver: async (timeoutMs) => {
    await agent.handOver({}, { timeoutMs });
  },
});
