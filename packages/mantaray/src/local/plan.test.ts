import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalPlan } from "./local-plan.ts";
import { createPlan } from "./plan.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-plan-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (target: string, text?: string, workers = 0): Promise<LocalPlan> => {
  if (text !== undefined) writeFileSync(join(folder, target), text);
  return createPlan({ target, workers, cwd: folder, name: "default", routePrefix: "/", args: {} });
};

const rayService = `
apiVersion: v1
kind: Service
metadata: { name: other }
---
apiVersion: ray.io/v1
kind: RayService
metadata: { name: sample }
spec:
  serveConfigV2: |
    applications:
      - name: fruit_app
        import_path: fruit.deployment_graph
  rayClusterConfig:
    headGroupSpec:
      rayStartParams: { num-cpus: "0" }
      template: { spec: { containers: [{ name: ray-head, resources: { limits: { cpu: "2" } } }] } }
    workerGroupSpecs:
      - groupName: small
        replicas: 2
        maxReplicas: 5
        rayStartParams: { resources: "'{\\"TPU\\": 4}'" }
        template: { spec: { containers: [{ name: ray-worker, resources: { requests: { cpu: 500m } } }] } }
`;

describe("createPlan", () => {
  it("gives the head no CPUs where there are workers, and the others enough on any machine", async () => {
    const { nodes } = await plan("serve.yaml", "applications: []", 2);
    const enough = Math.max(16, availableParallelism());
    expect(nodes.map(({ name, numCpus }) => [name, numCpus])).toEqual([
      ["head", 0],
      ["worker-1", enough],
      ["worker-2", enough],
    ]);
  });

  it("takes nodes and config from a RayService among other documents", async () => {
    const { nodes, config } = await plan("service.yaml", rayService);
    expect(nodes.map(({ name, head, numCpus, resources }) => ({ name, head, numCpus, resources }))).toEqual([
      { name: "head", head: true, numCpus: 0, resources: {} },
      { name: "small-1", head: false, numCpus: 1, resources: { TPU: 4 } },
      { name: "small-2", head: false, numCpus: 1, resources: { TPU: 4 } },
    ]);
    expect(config).toEqual({ applications: [{ name: "fruit_app", import_path: "fruit.deployment_graph" }] });
  });

  it("names the field of a manifest that is wrong", async () => {
    await expect(
      plan("service.yaml", "kind: RayService\nmetadata: { name: x }\nspec: { serveConfigV2: 5 }"),
    ).rejects.toThrow(/spec\.serveConfigV2/);
  });

  it("says where YAML is malformed", async () => {
    await expect(plan("serve.yaml", "applications: [\n")).rejects.toThrow(/line 2/);
  });

  it("finds the application a module exports", async () => {
    const { config, appPath } = await plan("hello.ts", "export const helper = 1;\nexport const app = 2;\n");
    expect(config).toEqual({ applications: [{ name: "default", route_prefix: "/", import_path: "hello:app" }] });
    expect(appPath[0]).toBe(folder);
  });

  it("lists a module's exports where none is clearly the application", async () => {
    await expect(plan("hello.ts", "export const one = 1;\nexport const two = 2;\n")).rejects.toThrow(
      /exports one, two/,
    );
  });

  it("takes an export by its file", async () => {
    await plan("hello.ts", "export const app = 1;\nexport const build = 2;\n");
    const { config, appPath } = await plan("hello.ts:build");
    expect(config).toEqual({ applications: [{ name: "default", route_prefix: "/", import_path: "hello:build" }] });
    expect(appPath[0]).toBe(folder);
  });

  it("takes module:export as an import path", async () => {
    expect((await plan("pkg.hello:app")).config).toEqual({
      applications: [{ name: "default", route_prefix: "/", import_path: "pkg.hello:app" }],
    });
  });
});
