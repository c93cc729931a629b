import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfigurationFile } from "./configuration-file.ts";
import { withEnvironment } from "./environment.ts";
import { parseAddress, parseFlags } from "./flags.ts";
import { defaultSettings } from "./settings.ts";

describe("flags", () => {
  it("have the reference's defaults", () => {
    const { settings, warnings } = parseFlags([]);
    expect(settings).toEqual(defaultSettings);
    expect(settings).toMatchObject({ leaderElection: true, qps: 100, burst: 200, watchNamespaces: [] });
    expect(settings).toMatchObject({ metricsAddress: { port: 8080 }, healthAddress: { port: 8082 } });
    expect(warnings).toEqual([]);
  });

  it("are read as Go programs write them", () => {
    const { settings } = parseFlags([
      "--enable-metrics",
      "-watch-namespace=a, b",
      "--enable-leader-election=false",
      "--reconcile-concurrency",
      "7",
      "-qps",
      "12.5",
      "--metrics-addr=0",
      "--health-probe-bind-address=127.0.0.1:99",
    ]);
    expect(settings).toMatchObject({
      objectMetrics: true,
      watchNamespaces: ["a", "b"],
      leaderElection: false,
      concurrency: 7,
      qps: 12.5,
      metricsAddress: undefined,
      healthAddress: { host: "127.0.0.1", port: 99 },
    });
  });

  it.each([
    [["--reconcile-concurrency=0"], "--reconcile-concurrency 0: not above 0"],
    [["--enable-metrics=perhaps"], "--enable-metrics perhaps: neither true nor false"],
    [["--metrics-addr=8080"], "--metrics-addr 8080: not of the form host:port or :port"],
    [["--batch-scheduler=volcano"], "batch schedulers are not supported"],
    [["--feature-gates=RayCronJob=true"], "--feature-gates RayCronJob=true: not supported"],
    [["--feature-gates=Unknown=true"], "there is no gate Unknown"],
    [["--log-stdout-encoder=xml"], "neither json nor console"],
    [["--no-such-flag"], "no-such-flag"],
  ])("%s is refused", (args, text) => {
    expect(() => parseFlags(args)).toThrow(text);
  });

  it("warns of what has no effect", () => {
    expect(parseFlags(["--forced-cluster-upgrade"]).warnings).toHaveLength(1);
    expect(parseFlags(["--feature-gates=RayJobDeletionPolicy=false,RayClusterMTLS=false"]).warnings).toEqual([
      "--feature-gates RayJobDeletionPolicy=false: it is always on here",
    ]);
  });

  it("take addresses of both families", () => {
    expect(parseAddress("a", "[::1]:80")).toEqual({ host: "::1", port: 80 });
    expect(() => parseAddress("a", ":70000")).toThrow("not of the form");
  });
});

describe("the environment", () => {
  it("turns switches by the reference's habits", () => {
    const { settings, warnings } = withEnvironment(defaultSettings, {
      ENABLE_PROBES_INJECTION: "false",
      ENABLE_GCS_FT_REDIS_CLEANUP: "true",
      ENABLE_LOGIN_SHELL: "True",
      ENABLE_RANDOM_POD_DELETE: "yes",
      ENABLE_ZERO_DOWNTIME: "false",
      CLUSTER_DOMAIN: "example.org",
      RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV: "60",
      ENABLE_WEBHOOKS: "true",
    });
    expect(settings.cluster).toEqual({
      injectProbes: false,
      redisCleanup: true,
      loginShell: true,
      clusterDomain: "example.org",
    });
    expect(settings).toMatchObject({ zeroDowntime: false, resyncMs: 60_000 });
    expect(warnings).toEqual([
      "ENABLE_WEBHOOKS has no effect: the CRDs themselves check objects at admission",
      "ENABLE_RANDOM_POD_DELETE=yes: neither true nor false, ignored",
    ]);
  });
});

const settingsOf = (podIp: string) => withEnvironment(defaultSettings, { POD_IP: podIp }).settings;

describe("a pod of a machine that it shares with others", () => {
  it("takes the pod's own address for all addresses", () => {
    expect(settingsOf("127.5.100.1")).toMatchObject({ metricsAddress: { host: "127.5.100.1", port: 8080 } });
    expect(settingsOf("10.1.2.3")).toMatchObject({ metricsAddress: { port: 8080 }, healthAddress: { port: 8082 } });
    expect(settingsOf("10.1.2.3").metricsAddress).not.toHaveProperty("host");
  });
});

describe("a configuration file", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "manta-operator-config-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const read = (text: string): ReturnType<typeof readConfigurationFile> => {
    const path = join(dir, "config.yaml");
    writeFileSync(path, `apiVersion: config.ray.io/v1alpha1\nkind: Configuration\n${text}`);
    return readConfigurationFile(path);
  };

  it("replaces the flags and adds to every pod", () => {
    const { settings } = read(
      "metricsAddr: ':9'\nwatchNamespace: a\nenableMetrics: true\nqps: 5\n" +
        "defaultContainerEnvs:\n- {name: A, value: b}\nheadSidecarContainers:\n- {name: side, image: s}\n",
    );
    expect(settings).toMatchObject({
      metricsAddress: { port: 9 },
      watchNamespaces: ["a"],
      objectMetrics: true,
      qps: 5,
      burst: 200,
      cluster: { defaultContainerEnv: [{ name: "A", value: "b" }], headSidecars: [{ name: "side", image: "s" }] },
    });
  });

  it("says which field it does not know, and in which file", () => {
    expect(() => read("noSuchField: 1\n")).toThrow(/--config .*config.yaml: .*noSuchField/s);
  });
});
