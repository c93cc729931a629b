import { mkdir } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import { hash } from "../config/index.ts";
import type { BuildAnswer } from "./build-messages.ts";
import { buildLimits } from "./limits.ts";
import { runBuild } from "./run-build.ts";
import { findWorkingDir, missingWorkingDir } from "./working-dir.ts";

/** An application that was built. */
export type BuiltApplication = Extract<BuildAnswer, { kind: "built" }>;

/** What the builder is made of. */
export interface BuilderDeps {
  /** Where bundles go. */
  readonly outDir: string;
  readonly searchPaths: readonly string[];
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Builds applications and remembers their graphs, so that deploying the same code again does not import it again. */
export class Builder {
  readonly #deps: BuilderDeps;
  /** By request, then by bundle; the newest last. */
  readonly #graphs = new Map<string, BuiltApplication>();

  constructor(deps: BuilderDeps) {
    this.#deps = deps;
  }

  async build(request: {
    readonly importPath: string;
    readonly args: Readonly<Record<string, unknown>>;
    /** Set in the build's process, as they will be in the replicas'. */
    readonly envVars?: Readonly<Record<string, string>>;
    /** Looked in before the search paths, and the build's working folder. */
    readonly workingDir?: string | undefined;
  }): Promise<BuiltApplication | Extract<BuildAnswer, { kind: "failed" }>> {
    const { outDir, clock } = this.#deps;
    const { importPath, args, envVars = {}, workingDir } = request;
    const env = { ...this.#deps.env, ...envVars };
    let { searchPaths } = this.#deps;
    if (workingDir !== undefined) {
      const folder = findWorkingDir(workingDir, searchPaths);
      if (folder === undefined) return { kind: "failed", message: missingWorkingDir(workingDir, searchPaths) };
      searchPaths = [folder, ...searchPaths];
    }
    await mkdir(outDir, { recursive: true, mode: 0o700 });
    const requestKey = hash([importPath, args, envVars, searchPaths]);
    const knownBundleIds = [...this.#graphs.values()].map((graph) => graph.bundleId);
    const known = knownBundleIds.filter((bundleId) => this.#graphs.has(`${requestKey}:${bundleId}`));
    const input = {
      importPath,
      args: { ...args },
      searchPaths: [...searchPaths],
      outDir,
      knownBundleIds: known,
    };
    const answer = await runBuild(input, {
      clock,
      env,
      ...(workingDir === undefined ? {} : { cwd: searchPaths[0] ?? "." }),
    });
    if (answer.kind === "failed") return answer;
    const key = `${requestKey}:${answer.bundleId}`;
    const built = answer.kind === "built" ? answer : this.#graphs.get(key);
    if (built === undefined) return { kind: "failed", message: "the build answered for a bundle that nobody knows" };
    this.#remember(key, built);
    return built;
  }

  #remember(key: string, built: BuiltApplication): void {
    this.#graphs.delete(key);
    this.#graphs.set(key, built);
    const oldest = this.#graphs.keys().next();
    if (this.#graphs.size > buildLimits.cachedGraphsMax && oldest.done !== true) this.#graphs.delete(oldest.value);
  }
}

/** Where applications are looked for: `MANTA_APP_PATH` (a colon list), then the working folder. */
export const searchPathsOf = (env: Readonly<Record<string, string | undefined>>, cwd: string): string[] => {
  const listed = (env.MANTA_APP_PATH ?? "").split(":").filter((path) => path !== "");
  return [...new Set([...listed, cwd])];
};
