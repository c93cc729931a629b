import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiServer } from "../../packages/testkit/src/kubernetes/apiserver/api-server.ts";
import { runHelm, runKubectl } from "../../packages/testkit/src/kubernetes/kubectl.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fixtures = `${root}packages/operator/src/api/fixtures`;

let server: ApiServer;
let folder: string;

const kubectl = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runKubectl(join(folder, "kubeconfig"), args);
  if (code !== 0) throw new Error(stderr);
  return stdout + stderr;
};
const helm = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runHelm(join(folder, "kubeconfig"), args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "manta-apply-"));
  server = await ApiServer.start();
  await writeFile(join(folder, "kubeconfig"), server.kubeconfig());
  await kubectl("apply", "-f", `${root}packages/operator/crds/ray.io_rayclusters.yaml`);
  await kubectl("apply", "-f", `${root}packages/operator/crds/ray.io_rayservices.yaml`);
  await kubectl("wait", "--for=condition=established", "crd/rayclusters.ray.io", "crd/rayservices.ray.io");
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** What real kubectl and helm make of our manifests, against an API server that checks schemas and CEL. */
describe("kubectl and helm", () => {
  it("apply the CRDs again, client-side, without a change", async () => {
    expect(await kubectl("apply", "-f", `${root}packages/operator/crds/ray.io_rayservices.yaml`)).toContain(
      "unchanged",
    );
  });

  it("take every kind of manifest in a dry run of the server", async () => {
    for (const file of ["ray-clusters.yaml", "ray-services.yaml"]) {
      const output = await kubectl("apply", "--dry-run=server", "--validate=strict", "-f", `${fixtures}/${file}`);
      expect(output).toContain("created (server dry run)");
    }
  });

  it("hear at apply what is wrong, by field", async () => {
    const file = join(folder, "bad.yaml");
    await writeFile(
      file,
      `apiVersion: ray.io/v1
kind: RayCluster
metadata: { name: bad }
spec:
  tlsOptions: { enabled: true }
  headGroupSpec: { template: { spec: { containers: [{ name: a, env: [{ name: REDIS_USERNAME, value: x }] }] } } }
`,
    );
    const refused = kubectl("apply", "-f", file);
    await expect(refused).rejects.toThrow("spec.tlsOptions: Forbidden: tlsOptions is not supported");
    await expect(refused).rejects.toThrow("set gcsFaultToleranceOptions.redisUsername instead");
  });

  it("list by short names, with the columns, and scale", async () => {
    await kubectl("apply", "-f", `${fixtures}/ray-clusters.yaml`, "-f", `${fixtures}/ray-services.yaml`);
    expect(await kubectl("get", "rayc")).toMatch(
      /^NAME +DESIRED WORKERS +AVAILABLE WORKERS +CPUS +MEMORY +GPUS +STATUS +AGE/,
    );
    expect(await kubectl("get", "rays")).toMatch(/^NAME +SERVICE STATUS +NUM SERVE ENDPOINTS +AGE/);
    expect(await kubectl("get", "all")).toContain("raycluster.ray.io/sample");
    await kubectl("scale", "rayc/sample", "--replicas=4");
    expect(await kubectl("get", "rayc", "sample", "-o", "jsonpath={.spec.workerReplicas}")).toBe("4");
    expect(await kubectl("get", "rayclusters.v1alpha1.ray.io", "sample", "-o", "name")).toContain("sample");
    expect(await kubectl("get", "rayservices.v1alpha1.ray.io")).toContain("v1alpha1 RayService is deprecated");
    await expect(
      kubectl("patch", "rayc", "sample", "--type=merge", "-p", '{"spec":{"managedBy":"kueue.x-k8s.io/multikueue"}}'),
    ).rejects.toThrow("managedBy is immutable");
  });

  it("install both charts", async () => {
    await helm("install", "manta-operator", `${root}charts/manta-operator`, "-n", "manta-system", "--create-namespace");
    expect(await kubectl("get", "deployment", "-n", "manta-system", "-o", "name")).toContain("manta-operator");
    await helm("install", "mine", `${root}charts/manta-cluster`);
    await helm("upgrade", "mine", `${root}charts/manta-cluster`, "--set", "worker.replicas=2");
    expect(await kubectl("get", "rayc", "mine-manta", "-o", "jsonpath={.spec.workerGroupSpecs[0].replicas}")).toBe("2");
    await helm("uninstall", "mine");
    await helm("uninstall", "manta-operator", "-n", "manta-system");
  });

  it("apply deploy/ below the restricted pod security standard", async () => {
    await kubectl("apply", "-k", `${root}deploy/base`);
    expect(await kubectl("apply", "--dry-run=server", "-k", `${root}deploy/base`)).not.toContain("would violate");
    await kubectl("delete", "-k", `${root}deploy/base`, "--wait=false");
  });
});
