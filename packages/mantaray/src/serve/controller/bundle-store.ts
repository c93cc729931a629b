import { readFile } from "node:fs/promises";
import type { Log } from "../../base/log.ts";
import type { Builder } from "../build/index.ts";
import { controllerLimits } from "./limits.ts";
import type { BuildPort, ControllerGcs } from "./ports.ts";
import { bundleNamespace } from "./state/checkpoint.ts";

/** What building into the control store needs. */
export interface BundleStoreDeps {
  readonly builder: Builder;
  readonly gcs: Pick<ControllerGcs, "kvPut" | "kvKeys" | "kvDelete">;
  readonly log: Log;
}

/** Builds applications and puts their bundles into the control store, each once. */
export const bundleStore = (deps: BundleStoreDeps): BuildPort => ({
  build: async ({ importPath, args, envVars, workingDir }) => {
    const built = await deps.builder.build({ importPath, args, envVars, workingDir });
    if (built.kind === "failed") return { ok: false, message: built.message };
    const { bundleId, ingress, deployments, path } = built;
    const options = { timeoutMs: controllerLimits.callTimeoutMs };
    const { keys } = await deps.gcs.kvKeys({ namespace: bundleNamespace, prefix: bundleId }, options);
    if (!keys.includes(bundleId)) {
      const value = await readFile(path);
      await deps.gcs.kvPut({ namespace: bundleNamespace, key: bundleId, value, overwrite: true }, options);
      deps.log.info({ bundleId, bytes: value.byteLength }, "a bundle was stored");
    }
    return { ok: true, bundleId, ingress, deployments };
  },
  prune: async (keep) => {
    const options = { timeoutMs: controllerLimits.callTimeoutMs };
    const { keys } = await deps.gcs.kvKeys({ namespace: bundleNamespace, prefix: "" }, options);
    for (const key of keys) {
      if (!keep.has(key)) await deps.gcs.kvDelete({ namespace: bundleNamespace, key }, options);
    }
  },
});
