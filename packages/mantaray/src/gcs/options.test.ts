import { describe, expect, it } from "vitest";
import { parseGcsOptions } from "./options.ts";

describe("options of the control store process", () => {
  it("have defaults: loopback, the reference's port, memory", () => {
    expect(parseGcsOptions([], {})).toMatchObject({ host: "127.0.0.1", port: 6379, storage: { kind: "memory" } });
  });

  it("come from arguments before the environment", () => {
    const env = { RAY_gcs_storage_path: "/data/a" };
    expect(parseGcsOptions([], env).storage).toEqual({ kind: "embedded", directory: "/data/a" });
    const args = "--host 127.0.0.9 --port 0 --storage embedded:/data/b --session-name s --holder h".split(" ");
    expect(parseGcsOptions(args, env)).toEqual({
      host: "127.0.0.9",
      port: 0,
      storage: { kind: "embedded", directory: "/data/b" },
      sessionName: "s",
      holder: "h",
      advertise: "",
      spare: false,
    });
  });

  it("take a Redis from the environment, where its secrets are", () => {
    const env = {
      RAY_REDIS_ADDRESS: "redis://manta:hidden@redis.internal:6380/2",
      RAY_external_storage_namespace: "blue",
    };
    const { storage } = parseGcsOptions(["--storage", "redis"], env);
    expect(storage).toMatchObject({ kind: "redis", namespace: "blue", config: { db: 2 } });
    expect(JSON.stringify(storage)).not.toContain("hidden");
    expect(() => parseGcsOptions(["--storage", "redis"], {})).toThrow("RAY_REDIS_ADDRESS");
  });

  it("are refused with the option and the rule", () => {
    expect(() => parseGcsOptions(["--port", "70000"], {})).toThrow("--port: must be a number from 0 to 65535");
    expect(() => parseGcsOptions(["--storage", "disk"], {})).toThrow('--storage: must be "memory", "embedded:');
    expect(() => parseGcsOptions(["--prot", "1"], {})).toThrow("--prot");
  });
});
