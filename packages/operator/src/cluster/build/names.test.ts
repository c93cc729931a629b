import { describe, expect, it } from "vitest";
import { rayCluster } from "../fixtures/ray-cluster.ts";
import {
  checkLabel,
  checkName,
  headPodPrefix,
  headServiceHost,
  headServiceName,
  redisCleanupJobName,
  workerPodPrefix,
} from "./names.ts";

describe("names", () => {
  it("checkName keeps the last 50 characters and begins with a letter", () => {
    expect(checkName("short")).toBe("short");
    expect(checkName(`${"a".repeat(10)}1${"b".repeat(49)}`)).toBe(`r${"b".repeat(49)}`);
    expect(checkName(`${"a".repeat(10)}-${"b".repeat(49)}`)).toBe(`r${"b".repeat(49)}`);
  });

  it("checkLabel keeps the last 63 characters and begins with a letter or digit", () => {
    expect(checkLabel(`${"a".repeat(10)}-${"b".repeat(62)}`)).toBe(`r${"b".repeat(62)}`);
    expect(checkLabel(`1${"b".repeat(62)}`)).toBe(`1${"b".repeat(62)}`);
  });

  it("pods' names keep the first 50 characters", () => {
    const long = "C".repeat(53);
    expect(headPodPrefix(long)).toBe(`${"c".repeat(50)}-head`);
    expect(workerPodPrefix("a", "B".repeat(60))).toBe(`a-${"b".repeat(48)}-worker`);
  });

  it("a cluster of the longest name has names of 63 characters at most", () => {
    const cluster = rayCluster({ name: "a".repeat(53) });
    for (const name of [headServiceName(cluster), redisCleanupJobName(cluster.metadata.name)]) {
      expect(name.length).toBeLessThanOrEqual(63);
    }
    expect(headServiceHost(cluster, "cluster.local")).toBe(`${"a".repeat(53)}-head-svc.default.svc.cluster.local`);
  });
});
