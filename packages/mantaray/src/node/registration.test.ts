import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../base/clock.ts";
import { newNodeId } from "../base/ids.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { AgentService } from "../protocol/node.ts";
import type { Implementation } from "../rpc/index.ts";
import { FakeGcs } from "./fixtures/fake-gcs.ts";
import { EpochGate } from "./leader/epoch-gate.ts";
import { Registration } from "./registration.ts";

const registrationAt = async (
  sessionName: string,
  token = "token",
): Promise<{ gcs: FakeGcs; registration: Registration }> => {
  const gcs = await FakeGcs.start("token");
  const nodeId = newNodeId();
  const registration = new Registration({
    nodeId,
    addresses: async () => [`tcp:${gcs.address}`],
    token,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    describe: () => ({
      nodeId,
      ip: "127.0.0.1",
      name: "n",
      isHead: true,
      resources: {},
      labels: {},
      addresses: { unix: "", tcp: "" },
      agentPort: 0,
      proxyPort: 0,
      startMs: 0,
      inventory: [],
      exits: [],
      routingVersion: 0,
      gcsAddress: "",
      drain: null,
    }),
    agent: {} as Implementation<AgentService>,
    onUnwanted: () => undefined,
    onRouting: () => undefined,
    onRegistered: () => undefined,
    gate: new EpochGate(),
    onAddresses: () => undefined,
    onLeader: () => undefined,
    own: { address: `tcp:${gcs.address}`, sessionName, listens: () => false },
    reconnectTimeoutMs: null,
    onGivenUp: () => undefined,
  });
  onTestFinished(async () => {
    registration.close();
    await gcs.close();
  });
  registration.start();
  return { gcs, registration };
};

describe("a registration", () => {
  it("of a head is never made at the control store of another one", async () => {
    const { gcs, registration } = await registrationAt("mine");
    await expect(registration.first).rejects.toMatchObject({ code: "already_exists" });
    expect(gcs.registrations).toEqual([]);
  });

  it("of a head is made at its own", async () => {
    const { gcs, registration } = await registrationAt("session");
    await registration.first;
    expect(gcs.registrations).toHaveLength(1);
  });

  it("fails at once with a token that the cluster does not take", async () => {
    const { registration } = await registrationAt("session", "wrong");
    await expect(registration.first).rejects.toMatchObject({
      code: "unauthenticated",
      rawMessage: expect.stringContaining("RAY_AUTH_TOKEN"),
    });
  });
});
