import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterAddresses, linkAddress } from "./cluster-addresses.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "manta-address-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("where the control store is", () => {
  it("is what was given, before the environment", () => {
    expect(clusterAddresses(["10.0.0.1:6379"], { RAY_ADDRESS: "10.0.0.2:6379" })).toEqual(["tcp:10.0.0.1:6379"]);
  });

  it("is RAY_ADDRESS, a comma list for standbys, before the file", () => {
    writeFileSync(join(dir, "ray_current_cluster"), "127.0.0.1:1\n");
    const env = { RAY_ADDRESS: "a.example:6379, b.example:6380", MANTA_TEMP_DIR: dir };
    expect(clusterAddresses(undefined, env)).toEqual(["tcp:a.example:6379", "tcp:b.example:6380"]);
  });

  it.each([undefined, "", "auto", "http://127.0.0.1:8265"])(
    "is in the file of this machine when RAY_ADDRESS is %j",
    (value) => {
      writeFileSync(join(dir, "ray_current_cluster"), "127.0.0.1:6379\n");
      expect(clusterAddresses(undefined, { RAY_ADDRESS: value, MANTA_TEMP_DIR: dir })).toEqual(["tcp:127.0.0.1:6379"]);
    },
  );

  it("is nowhere: the error says what to do", () => {
    expect(() => clusterAddresses(undefined, { MANTA_TEMP_DIR: dir })).toThrow(/manta start --head.*RAY_ADDRESS/);
  });

  it.each(["6379", "host", "host:0", "host:70000", "host:6379/x", "a b:1"])("refuses %j", (address) => {
    expect(() => linkAddress(address)).toThrow(/host:port/);
  });

  it("takes IPv6 in brackets and unix sockets", () => {
    expect(linkAddress("[::1]:6379")).toBe("tcp:[::1]:6379");
    expect(linkAddress("unix:/tmp/x.sock")).toBe("unix:/tmp/x.sock");
  });
});
