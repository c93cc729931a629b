import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseRayCluster } from "../../packages/operator/src/api/ray-cluster.ts";
import { parseRayService } from "../../packages/operator/src/api/ray-service.ts";
import { leaderElectionRules, operatorRules } from "../../packages/operator/src/api/rbac.ts";
import { validateRayCluster } from "../../packages/operator/src/api/validate-ray-cluster.ts";
import { validateRayService } from "../../packages/operator/src/api/validate-ray-service.ts";
import { readConfigurationFile } from "../../packages/operator/src/runtime/configuration-file.ts";
import { parseFlags } from "../../packages/operator/src/runtime/flags.ts";
import { runHelm, runKubectl } from "../../packages/testkit/src/kubernetes/kubectl.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: unknown;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: Record<string, never>;
}

let folder: string;
const helm = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runHelm(join(folder, "kubeconfig"), args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
};
const template = async (chart: string, ...sets: string[]): Promise<Manifest[]> => {
  const args = sets.flatMap((set) => ["--set", set]);
  const text = await helm("template", "release", `${root}charts/${chart}`, "--namespace", "apps", ...args);
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
};
const named = (manifests: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = manifests.find((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found === undefined) throw new Error(`no ${kind} ${name ?? ""}`);
  return found;
};
const operatorArgs = (manifests: readonly Manifest[]): string[] => {
  const { template: pod } = named(manifests, "Deployment").spec as unknown as {
    template: { spec: { containers: { args: string[] }[] } };
  };
  return pod.spec.containers[0]?.args ?? [];
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "manta-charts-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("charts/manta-operator", () => {
  it("passes helm lint", async () => {
    expect(await helm("lint", "--strict", `${root}charts/manta-operator`)).toContain("0 chart(s) failed");
  });

  it("gives flags that the operator takes", async () => {
    const manifests = await template("manta-operator");
    const { settings, warnings } = parseFlags(operatorArgs(manifests));
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      watchNamespaces: [],
      concurrency: 4,
      leaderElection: true,
      leaderElectionNamespace: "apps",
      metricsAddress: { port: 8080 },
      healthAddress: { port: 8082 },
      objectMetrics: true,
      qps: 100,
      burst: 200,
    });
  });

  it("gives the same as a file where there is a configuration", async () => {
    const sets = ["configuration.enabled=true", "configuration.defaultPodLabels.a=b", "watchNamespace={x,y}"];
    const manifests = await template("manta-operator", ...sets);
    expect(operatorArgs(manifests)).toEqual(["--config=/etc/manta/config.yaml"]);
    const file = join(folder, "config.yaml");
    await writeFile(file, named(manifests, "ConfigMap").data?.["config.yaml"] ?? "");
    const { settings } = readConfigurationFile(file);
    expect(settings).toMatchObject({ watchNamespaces: ["x", "y"], concurrency: 4, objectMetrics: true });
    expect(settings.cluster).toMatchObject({ defaultPodLabels: { a: "b" } });
  });

  it("may do what the operator's own table says, and no more", async () => {
    const manifests = await template("manta-operator");
    expect(named(manifests, "ClusterRole").rules).toEqual(operatorRules);
    expect(named(manifests, "Role").rules).toEqual(leaderElectionRules);
  });

  it("has a Role for each watched namespace and no ClusterRole", async () => {
    const manifests = await template("manta-operator", "watchNamespace={x,y}");
    const roles = manifests.filter(({ kind, metadata }) => kind === "Role" && metadata.name === "manta-operator");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["x", "y"]);
    expect(manifests.map(({ kind }) => kind)).not.toContain("ClusterRole");
    expect(operatorArgs(manifests)).toContain("--watch-namespace=x,y");
  });

  it("watches its own namespace alone when told so", async () => {
    const manifests = await template("manta-operator", "singleNamespaceInstall=true");
    expect(named(manifests, "Role", "manta-operator").metadata.namespace).toBe("apps");
    expect(operatorArgs(manifests)).toContain("--watch-namespace=apps");
  });

  it.each([
    ["a value that it does not have", "replicaCount=2", "replicaCount"],
    ["a batch scheduler", "batchScheduler.enabled=true", "batchScheduler: not supported"],
    ["several without a leader", "replicas=2,leaderElectionEnabled=false", "needs leaderElectionEnabled"],
  ])("refuses %s", async (_what, set, says) => {
    await expect(template("manta-operator", set)).rejects.toThrow(says);
  });
});

describe("charts/manta-cluster", () => {
  it("passes helm lint", async () => {
    expect(await helm("lint", "--strict", `${root}charts/manta-cluster`)).toContain("0 chart(s) failed");
  });

  it("makes a RayCluster that holds up to every rule", async () => {
    const sets = [
      "gcsFaultTolerance.enabled=true",
      "gcsFaultTolerance.redisAddress=redis:6379",
      "additionalWorkerGroups.gpu.replicas=2",
      "additionalWorkerGroups.gpu.maxReplicas=2147483647",
      "additionalWorkerGroups.off.disabled=true",
      "common.containerEnv[0].name=A",
      "common.containerEnv[0].value=b",
      "head.nodeLabels.zone=a",
      "head.rayStartParams.num-cpus=0",
      "worker.rayStartParams.memory=5000000000",
    ];
    const cluster = parseRayCluster(named(await template("manta-cluster", ...sets), "RayCluster"));
    expect(validateRayCluster(cluster)).toEqual([]);
    expect(cluster.spec.workerGroupSpecs?.map(({ groupName, replicas }) => [groupName, replicas])).toEqual([
      ["workergroup", 1],
      ["gpu", 2],
    ]);
    expect(cluster.spec.headGroupSpec.rayStartParams).toEqual({ "num-cpus": "0" });
    expect(cluster.spec.workerGroupSpecs?.[0]?.rayStartParams).toEqual({ memory: "5000000000" });
    expect(cluster.spec.gcsFaultToleranceOptions).toEqual({ backend: "redis", redisAddress: "redis:6379" });
    expect(cluster.spec.headGroupSpec.template.spec?.containers[0]?.env).toEqual([{ name: "A", value: "b" }]);
  });

  it("makes a RayService with its Serve config", async () => {
    const sets = [
      "rayService.enabled=true",
      "rayService.serveConfigV2=applications: []",
      "rayService.upgradeStrategy.type=NewCluster",
      "rayService.rayClusterDeletionDelaySeconds=0",
      "worker.disabled=true",
    ];
    const service = parseRayService(named(await template("manta-cluster", ...sets), "RayService"));
    expect(validateRayService(service)).toEqual([]);
    expect(parse(service.spec.serveConfigV2 ?? "")).toEqual({ applications: [] });
    expect(service.spec).toMatchObject({
      upgradeStrategy: { type: "NewCluster" },
      rayClusterDeletionDelaySeconds: 0,
      rayClusterConfig: { workerGroupSpecs: [] },
    });
  });

  it("refuses a value that it does not have", async () => {
    await expect(template("manta-cluster", "workers=2")).rejects.toThrow("workers");
  });
});

const kustomize = async (path: string): Promise<Manifest[]> => {
  const { code, stdout, stderr } = await runKubectl(join(folder, "kubeconfig"), ["kustomize", `${root}deploy/${path}`]);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
};

describe("deploy/", () => {
  it("builds the operator for all namespaces", async () => {
    const manifests = await kustomize("base");
    expect(named(manifests, "ClusterRole").rules).toEqual(operatorRules);
    expect(parseFlags(operatorArgs(manifests)).warnings).toEqual([]);
    expect(manifests.filter(({ kind }) => kind === "CustomResourceDefinition")).toHaveLength(2);
  });

  it("builds the operator for one namespace", async () => {
    const manifests = await kustomize("overlays/one-namespace");
    expect(named(manifests, "Role", "manta-operator").metadata.namespace).toBe("manta-system");
    expect(manifests.map(({ kind }) => kind)).not.toContain("ClusterRoleBinding");
    expect(operatorArgs(manifests)).toContain("--watch-namespace=$(POD_NAMESPACE)");
  });
});
