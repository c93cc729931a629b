import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { maskedAddress, parseRedisAddress } from "./address.ts";
import { redisConfig, redisNamespace } from "./config.ts";

const parse = (text: string) => parseRedisAddress("RAY_REDIS_ADDRESS", text);

describe("an address", () => {
  it.each([
    ["redis.internal:6380", [{ host: "redis.internal", port: 6380 }]],
    ["redis.internal", [{ host: "redis.internal", port: 6379 }]],
    ["10.0.0.5:7000", [{ host: "10.0.0.5", port: 7000 }]],
    ["[::1]:7000", [{ host: "::1", port: 7000 }]],
    ["::1", [{ host: "::1", port: 6379 }]],
    ["redis://[fd00::2]", [{ host: "fd00::2", port: 6379 }]],
    [
      " a:1 , b:2 ",
      [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    ], // prettier-ignore
    [
      "redis://a:1,redis://b:2",
      [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    ],
    [
      "redis://a:1,b",
      [
        { host: "a", port: 1 },
        { host: "b", port: 6379 },
      ],
    ],
  ])("%s names its servers", (text, hosts) => {
    expect(parse(text).hosts).toEqual(hosts);
  });

  it("holds user, password and database as a URL", () => {
    const { username, password, db, tls } = parse("redis://manta:p%40ss%2Fw%3Ard@host:6379/3");
    expect([username, password?.reveal(), db, tls]).toEqual(["manta", "p@ss/w:rd", 3, false]);
    expect(parse("redis://:only@host").password?.reveal()).toBe("only");
    expect(parse("redis://:only@host").username).toBeUndefined();
    expect(parse("redis://host?db=7").db).toBe(7);
    // What people do not escape is read as they meant it.
    expect(parse("redis://:a@b@host:1").password?.reveal()).toBe("a@b");
    expect(parse("redis://:a/b?c@host:1")).toMatchObject({ hosts: [{ host: "host", port: 1 }] });
  });

  it("asks for TLS by its scheme", () => {
    expect(parse("rediss://host:6380").tls).toBe(true);
    expect(parse("REDISS://host:6380").tls).toBe(true);
  });

  it("names sentinels, the primary they watch, and their own credentials", () => {
    const address = parse("redis+sentinel://u:s3cret@a:1,[::1]:2,c/main/4?sentinel_username=w&sentinel_password=x%26y");
    expect(address.hosts).toEqual([
      { host: "a", port: 1 },
      { host: "::1", port: 2 },
      { host: "c", port: 26379 },
    ]);
    expect(address).toMatchObject({
      username: "u",
      db: 4,
      tls: false,
      sentinel: { primaryName: "main", username: "w" },
    });
    expect([address.password?.reveal(), address.sentinel?.password?.reveal()]).toEqual(["s3cret", "x&y"]);
    expect(parse("rediss+sentinel://a:1/m")).toMatchObject({ tls: true, sentinel: { primaryName: "m" } });
    expect(parse("redis-sentinel://a:1/m").sentinel?.primaryName).toBe("m");
  });
});

describe("an address that cannot be read", () => {
  it.each([
    ["", "must not be empty"],
    ["host:0", "port from 1 to 65535"],
    ["host:99999", "port from 1 to 65535"],
    ["host:port", '"host:port"'],
    ["a,,b", '"host:port"'],
    ["http://host:1", "must be host:port or begin with redis://"],
    ["user:hidden@host:1", "must begin with redis://"],
    ["redis://u:hidden@host:x", '"host:port"'],
    ["redis://user:hidden", '"host:port"'],
    ["redis://host/one", "by a number"],
    ["redis://u:hidden%@host:1", "%25"],
    ["redis://a:1,rediss://b:1", "must not mix"],
    ["redis+sentinel://a:1", "must name the primary"],
    ["redis+sentinel://u:hidden@a:1/m?sentinel_password=hidden&db=x", "by a number"],
    ["redis://u:hid,hidden@host:1", '"host:port"'],
  ])("%s is refused with the variable and the rule, never with a secret", (text, rule) => {
    const refusal = expect.objectContaining({
      code: "invalid_argument",
      message: expect.stringContaining(rule) as string,
    });
    expect(() => parse(text)).toThrow(refusal);
    expect(() => parse(text)).toThrow("RAY_REDIS_ADDRESS");
    expect(() => parse(text)).not.toThrow("hidden");
  });
});

describe("an address that is shown", () => {
  it("holds no secrets", () => {
    expect(maskedAddress("redis://u:hidden@host:6379/0")).toBe("redis://***@host:6379/0");
    expect(maskedAddress("a:1,b:2")).toBe("a:1,b:2");
    expect(maskedAddress("[::1]:7000")).toBe("[::1]:7000");
    expect(maskedAddress("redis+sentinel://u:hidden@a:1,b:2/m?sentinel_password=hidden")).toBe(
      "redis+sentinel://***@a:1,b:2/m?sentinel_password=***",
    );
    const config = redisConfig({ RAY_REDIS_ADDRESS: "redis://u:hidden@host:1", REDIS_PASSWORD: "hidden" });
    expect(
      `${JSON.stringify(config)}${inspect(config, { depth: 9 })}${String(config.credentials.password)}`,
    ).not.toContain("hidden");
  });
});

describe("the environment", () => {
  const address = "redis://url-user:url-secret@host:1/2";

  it("wins over the address, as in the reference; empty variables count as absent", () => {
    const own = redisConfig({ RAY_REDIS_ADDRESS: address, REDIS_USERNAME: "", REDIS_PASSWORD: " " });
    expect([own.credentials.username, own.credentials.password?.reveal(), own.db]).toEqual([
      "url-user",
      "url-secret",
      2,
    ]);
    const given = redisConfig({ RAY_REDIS_ADDRESS: address, REDIS_USERNAME: "env", REDIS_PASSWORD: "env-secret" });
    expect([given.credentials.username, given.credentials.password?.reveal()]).toEqual(["env", "env-secret"]);
  });

  it("holds the reference's TLS files, for rediss:// only", () => {
    const files = { RAY_REDIS_CA_CERT: "/ca", RAY_REDIS_SERVER_NAME: "redis.test" };
    expect(redisConfig({ RAY_REDIS_ADDRESS: "rediss://h", ...files }).tls).toMatchObject({
      caFile: "/ca",
      serverName: "redis.test",
    });
    expect(redisConfig({ RAY_REDIS_ADDRESS: "redis://h", ...files }).tls).toBeNull();
    expect(() => redisConfig({ RAY_REDIS_ADDRESS: "rediss://h", RAY_REDIS_CLIENT_CERT: "/c" })).toThrow(
      "RAY_REDIS_CLIENT_KEY",
    );
  });

  it("names the namespace", () => {
    expect(redisNamespace({})).toBe("default");
    expect(redisNamespace({ RAY_external_storage_namespace: "864b004c-6305" })).toBe("864b004c-6305");
    for (const bad of ["a b", "a*", "a@b", "{a}", "x".repeat(201)]) {
      expect(() => redisNamespace({ RAY_external_storage_namespace: bad })).toThrow("RAY_external_storage_namespace");
    }
  });
});
