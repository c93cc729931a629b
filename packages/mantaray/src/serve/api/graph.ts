import { MantaError } from "../../base/errors.ts";
import { type Application, isApplication } from "./application.ts";
import type { DeploymentTarget } from "./bound-deployment.ts";
import { isDeployment } from "./deployment.ts";
import type { ReferenceOptions } from "./reference-options.ts";

/** One deployment of an application. */
export interface GraphNode {
  /** Unique in the application. */
  readonly name: string;
  readonly target: DeploymentTarget;
  /** What its code sets, in the reference's spelling, without the name. */
  readonly options: ReferenceOptions;
  /** As bound: applications inside stand for handles. */
  readonly args: readonly unknown[];
  /** Names of the deployments it holds handles to. */
  readonly handles: readonly string[];
}

/** The deployments of an application and who holds a handle to whom. */
export interface ApplicationGraph {
  /** The deployment that answers HTTP. */
  readonly ingress: string;
  /** Ingress first, then in the order they are found. */
  readonly nodes: readonly GraphNode[];
  /** Name of a bound application of this graph. */
  nameOf(application: Application): string | undefined;
}

/**
 * Lists the deployments of an application. Each bound application is one deployment however often it is
 * passed on; of several with the same name the later ones get `_1`, `_2` … (as in the reference: a parent
 * takes its name before its arguments). The result depends on the code alone, so that every process that
 * loads it finds the same names.
 */
export const extractGraph = (application: Application): ApplicationGraph => {
  const names = new Map<Application, string>();
  const taken = new Set<string>();
  const nodes: GraphNode[] = [];
  const visit = (current: Application): string => {
    const known = names.get(current);
    if (known !== undefined) return known;
    const { deployment, args } = current;
    const name = freeName(deployment.name, taken);
    taken.add(name);
    names.set(current, name);
    const handles: string[] = [];
    const { name: _givenName, ...options } = deployment.referenceOptions;
    nodes.push({ name, target: deployment.target, options, args, handles });
    for (const child of applicationsIn(args)) {
      const childName = visit(child);
      if (!handles.includes(childName)) handles.push(childName);
    }
    return name;
  };
  const ingress = visit(application);
  return { ingress, nodes, nameOf: (bound) => names.get(bound) };
};

/** The node of that name; `not_found` names those there are. */
export const findNode = (graph: ApplicationGraph, name: string): GraphNode => {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  const names = graph.nodes.map((candidate) => candidate.name).join(", ");
  throw new MantaError("not_found", `the application has no deployment ${JSON.stringify(name)} (it has: ${names})`);
};

/**
 * The application of a module's export: the export itself, or what a builder function makes of `args`.
 * Throws `build_failed` for anything else; what a builder throws passes through.
 */
export const buildApplication = async (
  exported: unknown,
  exportName: string,
  args: Readonly<Record<string, unknown>>,
): Promise<Application> => {
  if (isApplication(exported)) return exported;
  if (isDeployment(exported)) {
    throw new MantaError(
      "build_failed",
      `export ${exportName} is a deployment that was not bound: export ${exportName}.bind(…)`,
    );
  }
  if (typeof exported !== "function") {
    throw new MantaError(
      "build_failed",
      `export ${exportName} must be an application or a function that returns one, got ${kindOf(exported)}`,
    );
  }
  const built: unknown = await (exported as (args: Readonly<Record<string, unknown>>) => unknown)(args);
  if (isApplication(built)) return built;
  throw new MantaError(
    "build_failed",
    `builder ${exportName} must return an application, it returned ${kindOf(built)}`,
  );
};

/** The same value with each application replaced; what holds none stays the very same object. */
export const replaceApplications = (value: unknown, replace: (application: Application) => unknown): unknown => {
  if (isApplication(value)) return replace(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => replaceApplications(item, replace));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value);
  const replaced = entries.map(([key, entry]) => [key, replaceApplications(entry, replace)] as const);
  return replaced.some(([, entry], index) => entry !== entries[index]![1]) ? Object.fromEntries(replaced) : value;
};

const applicationsIn = (value: unknown, within: readonly unknown[] = []): Application[] => {
  if (isApplication(value)) return [value];
  const items = Array.isArray(value) ? (value as unknown[]) : isPlainObject(value) ? Object.values(value) : undefined;
  if (items === undefined) return [];
  if (within.includes(value)) throw new MantaError("build_failed", "an argument of bind() contains itself");
  return items.flatMap((item) => applicationsIn(item, [...within, value]));
};

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const freeName = (name: string, taken: ReadonlySet<string>): string => {
  let candidate = name;
  for (let suffix = 1; taken.has(candidate); suffix += 1) candidate = `${name}_${suffix}`;
  return candidate;
};

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value);
