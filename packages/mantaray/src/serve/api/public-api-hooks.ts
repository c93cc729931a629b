import { registerHooks } from "node:module";
import { publicApi } from "../../entrypoints.ts";

/** What applications call this package in their imports. */
export const publicApiName = "mantaray";

/**
 * Makes `import … from "mantaray"` of any module of this process mean this very copy of the package, so that
 * bundles of applications, which leave the import as it is, share it. Returns the function that undoes it.
 */
export const installPublicApi = (): (() => void) => {
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === publicApiName ? { url: publicApi.href, shortCircuit: true } : nextResolve(specifier, context),
  });
  return () => hooks.deregister();
};
