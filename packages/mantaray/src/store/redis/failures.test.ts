import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import {
  loopbackAddress,
  type RedisOptions,
  type RedisServer,
  startRedis,
  writeCertificates,
} from "@manta/testkit/redis";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { MantaError } from "../../base/errors.ts";
import { waitFor } from "../../base/wait.ts";
import type { ControlStore } from "../control-store.ts";
import type { TableMutation } from "../mutation.ts";
import { redisConfig } from "./config.ts";
import { redisFailure } from "./failures.ts";
import { userLine } from "./fixtures/redis-harness.ts";
import { Writer } from "./fixtures/writer.ts";
import { openRedisStore } from "./store.ts";

const servers: RedisServer[] = [];
const stores: ControlStore[] = [];
let logged = "";
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const server of servers.splice(0)) await server.stop();
  logged = "";
});

const redis = async (options: RedisOptions = {}): Promise<RedisServer> => {
  const server = await startRedis(options);
  servers.push(server);
  return server;
};

const open = async (env: Readonly<Record<string, string>>): Promise<ControlStore> => {
  const log = pino({ level: "trace" }, { write: (line: string) => void (logged += line) });
  const store = await openRedisStore({ config: redisConfig(env), namespace: "n", clock: systemClock, log });
  stores.push(store);
  return store;
};

/** What the first answer says. */
const refusal = async (env: Readonly<Record<string, string>>): Promise<string> => {
  const store = await open(env);
  const error: unknown = await store.load().then(
    () => new Error("it answered"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: "unavailable" });
  return MantaError.from(error).rawMessage;
};

const lease = async (store: ControlStore): Promise<number> => {
  const claim = await store.claimLease("a", 3_000);
  if (!claim.granted) throw new Error("the lease is taken");
  return claim.epoch;
};

const put = (key: string, value = "v"): TableMutation => ({
  kind: "putKv",
  namespace: "n",
  key,
  value: Buffer.from(value),
});

const keysOf = async (store: ControlStore): Promise<string[]> =>
  (await store.load()).kv.map(({ key }) => key).toSorted();

const within5s = { timeoutMs: 5_000, what: "the store's return" };

describe("a Redis that cannot be entered is named with the reason:", () => {
  it("nobody listens", async () => {
    const host = loopbackAddress();
    expect(await refusal({ RAY_REDIS_ADDRESS: `${host}:1` })).toContain(`Redis at ${host}:1 refuses connections`);
    const both = await refusal({ RAY_REDIS_ADDRESS: `${host}:1,${host}:2` });
    expect(both).toContain(`${host}:1 refuses`);
    expect(both).toContain(`${host}:2 refuses`);
  });

  it("its name does not resolve", async () => {
    expect(await refusal({ RAY_REDIS_ADDRESS: "redis.invalid:6379" })).toContain("redis.invalid:6379 cannot be found");
  });

  it("the password is missing or wrong, the user is not known or may not write", async () => {
    const users = [userLine("reader", "readerpass").replace("+evalsha", "").replace("+eval ", "")];
    const { address } = await redis({ password: "adminpass", users });
    const at = { RAY_REDIS_ADDRESS: address };
    expect(await refusal(at)).toContain("wants a password (REDIS_PASSWORD");
    expect(await refusal({ ...at, REDIS_PASSWORD: "hidden-one" })).toContain("refuses the user name or the password");
    const unknown = { ...at, REDIS_USERNAME: "nobody", REDIS_PASSWORD: "hidden-two" };
    expect(await refusal(unknown)).toContain("refuses the user name or the password");
    const reader = await open({ ...at, REDIS_USERNAME: "reader", REDIS_PASSWORD: "readerpass" });
    const failure = await reader.claimLease("a", 1_000).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("does not permit") as string,
    });
    expect(inspect(failure, { depth: 9, showHidden: true }) + logged).not.toMatch(/hidden-|readerpass|adminpass/);
    expect(logged).toContain("Redis is away");
  });

  it("the database does not exist", async () => {
    const { address } = await redis();
    expect(await refusal({ RAY_REDIS_ADDRESS: `redis://${address}/99` })).toContain("no database of this number");
  });

  it("TLS on one side only, an unknown authority, another name", async () => {
    const host = loopbackAddress();
    const plain = await redis();
    const files = writeCertificates(plain.directory, "redis", ["redis.test"]);
    const secure = await redis({ host, tls: files });
    const { address } = secure;
    expect(await refusal({ RAY_REDIS_ADDRESS: `rediss://${plain.address}` })).toContain("it may not speak TLS");
    expect(await refusal({ RAY_REDIS_ADDRESS: address.replace("rediss://", "") })).toMatch(
      /it may want TLS|closed the connection/,
    );
    expect(await refusal({ RAY_REDIS_ADDRESS: address })).toContain("failed the TLS handshake");
    const ca = { RAY_REDIS_ADDRESS: address, RAY_REDIS_CA_CERT: files.caFile };
    expect(await refusal(ca)).toContain("failed the TLS handshake");
    expect(await keysOf(await open({ ...ca, RAY_REDIS_SERVER_NAME: "redis.test" }))).toEqual([]);
    expect(await refusal({ ...ca, RAY_REDIS_CA_CERT: "/no/such/file" })).toContain("RAY_REDIS_CA_CERT");
  });

  it("its version is too old", async () => {
    const host = loopbackAddress();
    const server = createServer((socket) => {
      const info = "redis_version:4.0.9\r\nredis_mode:standalone\r\nrole:master\r\n";
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        for (const command of chunk.toString().match(/\r\n(INFO|SCRIPT)\r\n/gi) ?? []) {
          socket.write(/INFO/i.test(command) ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
        }
      });
    });
    await once(server.listen(6379, host), "listening");
    try {
      expect(await refusal({ RAY_REDIS_ADDRESS: host })).toContain("is version 4.0.9; 5 or newer is needed");
    } finally {
      server.close();
    }
  });
});

describe("a Redis that takes no writes for a while", () => {
  it("is out of memory: a write is refused whole, and goes on by itself", async () => {
    const server = await redis();
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    await store.write(epoch, [put("first")]);
    await server.limitMemory(1);
    const batch: TableMutation[] = [{ kind: "deleteKv", namespace: "n", key: "first" }, put("second")];
    const full = { code: "unavailable", message: expect.stringContaining("out of memory") as string };
    await expect(store.write(epoch, batch)).rejects.toMatchObject(full);
    await expect(store.renewLease({ holder: "a", epoch }, 3_000)).rejects.toMatchObject(full);
    expect(await keysOf(store)).toEqual(["first"]);
    await server.limitMemory(0);
    await store.write(epoch, batch);
    expect(await keysOf(store)).toEqual(["second"]);
  });

  it("is a replica: the primary is looked for until there is one", async () => {
    const server = await redis();
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    await server.makeReadOnly();
    const readOnly = { code: "unavailable", message: expect.stringContaining("read-only replica") as string };
    await expect(store.write(epoch, [put("k")])).rejects.toMatchObject(readOnly);
    await waitFor(
      async () =>
        MantaError.from(await store.load().catch((error: unknown) => error)).rawMessage.includes("replica of"),
      { timeoutMs: 5_000, what: "the role of the server" },
    );
    await server.makeWritable();
    await waitFor(() => store.write(epoch, [put("k")]).then(() => true), within5s);
  });

  it("takes the one of several addresses that is a primary", async () => {
    const [replica, primary] = [await redis(), await redis()];
    await replica.command("REPLICAOF", primary.host, String(primary.port));
    const store = await open({ RAY_REDIS_ADDRESS: `${loopbackAddress()}:1,${replica.address},${primary.address}` });
    await store.write(await lease(store), [put("k")]);
    expect(await keysOf(store)).toEqual(["k"]);
  });
});

describe("a name that stands for several addresses", () => {
  it("is all of them: the one that answers counts", async () => {
    const server = await redis({ host: "127.0.0.1", port: randomInt(20_000, 30_000) });
    const store = await open({ RAY_REDIS_ADDRESS: `localhost:${server.port}` });
    await store.write(await lease(store), [put("k")]);
    expect(await keysOf(store)).toEqual(["k"]);
  });
});

describe("a Redis that is slow or silent", () => {
  it("works at two seconds an answer", async () => {
    const server = await redis({ proxy: true });
    server.slow(2_000);
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    await store.write(epoch, [put("k")]);
    await store.renewLease({ holder: "a", epoch }, 3_000);
    server.slow(0);
    expect(await keysOf(store)).toEqual(["k"]);
  });

  it("is given up within the command's time, and what was stuck never overtakes what came later", async () => {
    const server = await redis({ proxy: true });
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    server.pause();
    const stuck = store.write(epoch, [put("k", "stuck"), put("stuck")]);
    await expect(stuck).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("answered") as string,
    });
    server.resume();
    await waitFor(() => store.write(epoch, [put("k", "newer")]).then(() => true), within5s);
    const { kv } = await store.load();
    expect(kv.find(({ key }) => key === "k")?.value).toEqual(new Uint8Array(Buffer.from("newer")));
  });

  it("is back within five seconds of a network that was cut", async () => {
    const server = await redis({ proxy: true });
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    server.cut();
    await expect(store.write(epoch, [put("k")])).rejects.toMatchObject({ code: "unavailable" });
    server.mend();
    await waitFor(() => store.write(epoch, [put("k")]).then(() => true), within5s);
  });
});

describe("a Redis that is killed again and again", () => {
  it.each([
    ["and keeps its data", true],
    ["and forgets everything", false],
  ])("%s: the writer goes on, and nothing acknowledged is missing", async (_what, durable) => {
    const server = await redis({ durable });
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const writer = new Writer(store);
    await writer.begin();
    for (let kills = 0; kills < 4; kills += 1) {
      const before = writer.acknowledged;
      await waitFor(() => writer.acknowledged > before + 30, {
        timeoutMs: 10_000,
        what: `writes after ${kills} kills`,
      });
      await server.restart();
    }
    const before = writer.acknowledged;
    await waitFor(() => writer.acknowledged > before + 30, { timeoutMs: 10_000, what: "writes after all" });
    await writer.end();
    expect(await writer.missing()).toEqual([]);
  });
});

describe("a store that is closed", () => {
  it("leaves no connection, and does not wait for a Redis that is silent", async () => {
    const server = await redis();
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    await lease(store);
    await store.close();
    const clients = await server.command("CLIENT", "LIST");
    expect(clients.split("\n")).toHaveLength(1);
    server.pause();
    const late = await open({ RAY_REDIS_ADDRESS: server.address });
    const sinceMs = systemClock.nowMs();
    await late.close();
    expect(systemClock.nowMs() - sinceMs).toBeLessThan(2_000);
    await expect(late.load()).rejects.toMatchObject({ code: "unavailable" });
    server.resume();
  });
});

describe("a Redis that forgets", () => {
  it("its scripts: they are sent again", async () => {
    const server = await redis();
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    await server.command("SCRIPT", "FLUSH");
    await store.write(epoch, [put("k")]);
    await server.command("SCRIPT", "FLUSH");
    expect(await keysOf(store)).toEqual(["k"]);
  });

  it("acknowledged writes, since it is an older copy of itself: the writer is told", async () => {
    const server = await redis({ durable: false });
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const epoch = await lease(store);
    await store.write(epoch, [put("old")]);
    await server.command("SAVE");
    await store.write(epoch, [put("new")]);
    await server.restart();
    const renew = () =>
      store.renewLease({ holder: "a", epoch }, 3_000).catch((error: unknown) => MantaError.from(error).code);
    expect(
      await waitFor(async () => {
        const answer = await renew();
        return answer === "unavailable" ? undefined : answer;
      }, within5s),
    ).toBe("data_loss");
    const next = await lease(store);
    // Tables have a connection of their own, which may still rest after an attempt that met the server down.
    await waitFor(
      () =>
        store.write(next, [{ kind: "reset" }, put("old"), put("new")]).then(
          () => true,
          (error: unknown) => {
            if (MantaError.from(error).code !== "unavailable") throw error;
          },
        ),
      within5s,
    );
    expect(await keysOf(store)).toEqual(["new", "old"]);
  });

  it("nothing: a bundle of the largest size comes back as it was", async () => {
    const server = await redis();
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    const value = new Uint8Array(64 * 1024 * 1024).fill(7);
    await store.write(await lease(store), [{ kind: "putKv", namespace: "bundles", key: "big", value }, put("small")]);
    const { kv } = await store.load();
    expect(Buffer.compare(kv.find(({ key }) => key === "big")?.value ?? new Uint8Array(), value)).toBe(0);
    expect(kv).toHaveLength(2);
  });

  it("is refused where another program's data is under its keys", async () => {
    const server = await redis();
    await server.command("HSET", "RAYn@NODE", "abc", "protobuf");
    const store = await open({ RAY_REDIS_ADDRESS: server.address });
    await expect(store.load()).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("RAYn@NODE") as string,
    });
  });
});

describe("replies", () => {
  it.each([
    ["LOADING Redis is loading the dataset in memory", "loading its data", false],
    ["MASTERDOWN Link with MASTER is down", "lost its primary", true],
    ["CLUSTERDOWN The cluster is down", "cluster that is down", false],
    ["CLUSTERDOWN Hash slot not served", "cluster that is down", false],
    ["MISCONF Redis is configured to save RDB snapshots", "cannot save to its disk", false],
    ["NOREPLICAS Not enough good replicas to write.", "too few replicas", false],
    ["BUSY Redis is busy running a script.", "busy with a script", false],
    ["DENIED Redis is running in protected mode", "protected mode", true],
    ["ERR max number of clients reached", "greatest number of clients", true],
    [
      "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -READONLY You can't write",
      "read-only",
      true,
    ],
    [
      "ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command not allowed",
      "memory",
      false,
    ],
    ["ASK 3999 127.0.0.1:6381", "is moving", false],
    ["ERR something else", 'answered "ERR something else"', false],
  ])("%s", (text, says, reconnect) => {
    const failure = redisFailure(new Error(text), "h:1");
    expect(failure.error).toMatchObject({ code: "unavailable", message: expect.stringContaining(says) as string });
    expect(failure.reconnect).toBe(reconnect);
  });

  it("of a cluster name the server to go to", () => {
    expect(redisFailure(new Error("MOVED 3999 10.0.0.1:6381"), "h:1").movedTo).toBe("10.0.0.1:6381");
  });
});
