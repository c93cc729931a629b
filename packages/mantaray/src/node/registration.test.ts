import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../base/clock.ts";
import { newNodeId } from "../base/ids.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { AgentService } from "../protocol/node.ts";
import type { Implementation } from "../rpc/index.ts";
import { FakeGcs } from "./fixtures/fake-gcs.ts";
import { Registration } from "./registration.ts";

const registrationAt = async (ownSession: string): Promise<{ gcs: FakeGcs; registration: Registration }> => {
  const gcs = await FakeGcs.start("token");
  const nodeId = newNodeId();
  const registration = new Registration({
    nodeId,
    addresses: async () => [`tcp:${gcs.address}`],
    token: "token",
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
    }),
    agent: {} as Implementation<AgentService>,
    onUnwanted: () => undefined,
    onRouting: () => undefined,
    onRegistered: () => undefined,
    ownSession,
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

describe("the registration of a head", () => {
  it("never joins the control store of another head", async () => {
    const { gcs, registration } = await registrationAt("mine");
    await expect(registration.first).rejects.toMatchObject({ code: "already_exists" });
    expect(gcs.registrations).toEqual([]);
  });

  it("is made at its own", async () => {
    const { gcs, registration } = await registrationAt("session");
    await registration.first;
    expect(gcs.registrations).toHaveLength(1);
  });
});
