import { describe, expect, it } from "vitest";
import { rayCluster } from "../cluster/fixtures/ray-cluster.ts";
import { serviceLimits } from "./limits.ts";
import { configApplications, configBody, configHash, isKeepable, keptConfig, readKeptConfig } from "./serve-config.ts";

const hashOf = (hash: string): string =>
  configHash(
    rayCluster({ annotations: { "ray.io/hash-without-replicas-and-workers-to-delete": hash } }),
    "applications: []",
    undefined,
  );

describe("a Serve config", () => {
  it("is sent as JSON, with the capacity of an upgrade", () => {
    expect(configBody("applications: []\nhttp_options: {port: 8000}", undefined)).toEqual({
      applications: [],
      http_options: { port: 8000 },
    });
    expect(configBody("applications: []", 50).target_capacity).toBe(50);
  });

  it.each(["", "just text", "- a\n- b"])("has to be a map: %j", (text) => {
    expect(() => configBody(text, undefined)).toThrow(/serveConfigV2 must be a YAML map/);
  });

  it("names its applications, those without a name too", () => {
    expect(configApplications("applications: [{name: a}, {import_path: b}]")).toEqual(["a", "default"]);
    expect(configApplications("{")).toBeUndefined();
  });

  it.each([
    ["short", "applications: []"],
    ["long", `applications: []\n# ${"pear ".repeat(50_000)}`],
  ])("is kept on its cluster and read again (%s)", (_, text) => {
    const annotations = keptConfig(text);
    expect(JSON.stringify(annotations).length).toBeLessThan(serviceLimits.plainConfigBytesMax * 2);
    expect(readKeptConfig(rayCluster({ annotations }))).toBe(text);
  });

  it("that is too long is not kept", () => {
    const noise = Array.from({ length: 60_000 }, (_, index) => Math.sin(index).toString(36).slice(2)).join("");
    expect([isKeepable(noise), keptConfig(noise)]).toEqual([false, {}]);
  });

  it("is another for another template, so that its code is packed again", () => {
    expect(hashOf("a")).not.toBe(hashOf("b"));
  });
});
