import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAuthToken } from "./auth-token.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-token-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("loadAuthToken", () => {
  it("makes a token once, readable by its owner only", () => {
    const env = { RAY_AUTH_TOKEN_PATH: join(folder, "deep", "auth_token") };
    const token = loadAuthToken(env, { create: true });
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(loadAuthToken(env, { create: true })).toBe(token);
    expect(statSync(env.RAY_AUTH_TOKEN_PATH).mode & 0o777).toBe(0o600);
  });

  it("prefers the environment's token", () => {
    expect(loadAuthToken({ RAY_AUTH_TOKEN: " secret\n" }, { create: false })).toBe("secret");
  });

  it("says where it looked when there is none", () => {
    const env = { RAY_AUTH_TOKEN_PATH: join(folder, "none") };
    expect(() => loadAuthToken(env, { create: false })).toThrow(/unauthenticated.*none/);
  });

  it("is empty when auth is disabled, and refuses other modes", () => {
    expect(loadAuthToken({ RAY_AUTH_MODE: "disabled" }, { create: false })).toBe("");
    expect(() => loadAuthToken({ RAY_AUTH_MODE: "off" }, { create: false })).toThrow(/RAY_AUTH_MODE.*"off"/);
  });
});
