import type { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import type { ApiAccess, TlsMaterial } from "./api-access.ts";

/** `exec` of a kubeconfig's user. */
export interface ExecSpec {
  readonly command: string;
  readonly args?: readonly string[] | null | undefined;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null | undefined;
}

/**
 * Credentials of a program that prints them, as cloud providers have it. Runs the library's own implementation, loaded
 * when first needed and by its file: the package's front door costs 0.7 s and 85 MB.
 */
export const execCredentials = (
  name: string,
  exec: ExecSpec,
): { headers: ApiAccess["headers"]; tls: () => TlsMaterial; forget: () => void } => {
  let auth: Promise<ExecAuth> | undefined;
  let tls: TlsMaterial = {};
  return {
    headers: async () => {
      auth ??= import("@kubernetes/client-node/dist/exec_auth.js").then((module) => new module.ExecAuth());
      const applied: { headers?: Record<string, string>; cert?: string; key?: string } = {};
      await (await auth).applyAuthentication({ name, exec: { ...exec, args: exec.args ?? [] } }, applied);
      tls = {
        ...(applied.cert === undefined ? {} : { cert: applied.cert }),
        ...(applied.key === undefined ? {} : { key: applied.key }),
      };
      const authorization = applied.headers?.Authorization;
      return authorization === undefined ? {} : { authorization };
    },
    tls: () => tls,
    forget: () => {
      auth = undefined;
    },
  };
};
