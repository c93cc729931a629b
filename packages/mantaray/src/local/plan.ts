import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, extname, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { MantaError } from "../base/errors.ts";
import { type LocalNodePlan, type LocalPlan, plainNode } from "./local-plan.ts";
import { chooseExport } from "./module-exports.ts";
import { planOfRayService } from "./ray-service.ts";

/** What the user asked to run. */
export interface PlanOptions {
  /** A serve config or RayService manifest (.yaml), a module file, `file:export` or `module:export`. */
  readonly target: string;
  /** Worker nodes; 0: the head hosts the replicas itself. A manifest's own groups win. */
  readonly workers: number;
  readonly cwd: string;
  /** For a module target. */
  readonly name: string;
  readonly routePrefix: string;
  /** Arguments of an app builder. */
  readonly args: Readonly<Record<string, string>>;
}

/** Reads the target and says which nodes to start and what to deploy. Errors: `invalid_argument`, `invalid_config`. */
export const createPlan = async (options: PlanOptions): Promise<LocalPlan> => {
  const path = resolve(options.cwd, options.target);
  const extension = extname(options.target);
  if (extension === ".yaml" || extension === ".yml") return planOfYaml(path, options);
  if (/^\.[cm]?[jt]sx?$/.test(extension)) {
    if (!existsSync(path)) throw new MantaError("invalid_argument", `there is no file ${path}`);
    const importPath = `${basename(path, extension)}:${await chooseExport(path)}`;
    return {
      nodes: defaultNodes(options.workers),
      config: configOf(importPath, options),
      appPath: [dirname(path), options.cwd],
    };
  }
  const inFile = /^(.+)(\.[cm]?[jt]sx?):([^:]+)$/.exec(path);
  if (inFile !== null && existsSync(`${inFile[1]}${inFile[2]}`)) {
    const [, stem = "", , exportName = ""] = inFile;
    const config = configOf(`${basename(stem)}:${exportName}`, options);
    return { nodes: defaultNodes(options.workers), config, appPath: [dirname(stem), options.cwd] };
  }
  return { nodes: defaultNodes(options.workers), config: configOf(options.target, options), appPath: [options.cwd] };
};

const planOfYaml = (path: string, options: PlanOptions): LocalPlan => {
  if (!existsSync(path)) throw new MantaError("invalid_argument", `there is no file ${path}`);
  const documents = parseAllDocuments(readFileSync(path, "utf8"));
  const values: unknown[] = [];
  for (const document of documents) {
    const [error] = "errors" in document ? document.errors : [];
    if (error !== undefined) throw new MantaError("invalid_config", `${path}: ${error.message}`, { cause: error });
    if ("toJS" in document) values.push(document.toJS());
  }
  const appPath = [dirname(path), options.cwd];
  const service = values.find((value) => isRecord(value) && value.kind === "RayService");
  if (service !== undefined) return { ...planOfRayService(service, path), appPath };
  if (values.length !== 1) {
    throw new MantaError(
      "invalid_config",
      `${path}: must hold one serve config or a RayService, found ${values.length} documents`,
    );
  }
  return { nodes: defaultNodes(options.workers), config: values[0], appPath };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** CPUs are a count to place by: how many cores a laptop has shall not decide whether an application starts on it. */
const localCpus = Math.max(16, availableParallelism());

/** With workers, the head hosts no replicas, so that losing it loses none. */
const defaultNodes = (workers: number): LocalNodePlan[] => [
  plainNode("head", true, workers > 0 ? 0 : localCpus),
  ...Array.from({ length: workers }, (_, index) => plainNode(`worker-${index + 1}`, false, localCpus)),
];

const configOf = (importPath: string, options: PlanOptions): unknown => ({
  applications: [
    {
      name: options.name,
      route_prefix: options.routePrefix,
      import_path: importPath,
      ...(Object.keys(options.args).length === 0 ? {} : { args: options.args }),
    },
  ],
});
