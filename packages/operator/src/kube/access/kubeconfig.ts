import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { ApiAccess, TlsMaterial } from "./api-access.ts";
import { execCredentials } from "./exec-credentials.ts";
import { TokenFile } from "./token-file.ts";

const clusterSchema = z.object({
  server: z.string(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
  "proxy-url": z.string().optional(),
});
const userSchema = z.object({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  exec: z
    .object({
      command: z.string(),
      args: z.array(z.string()).nullish(),
      env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
      apiVersion: z.string().optional(),
    })
    .optional(),
  "auth-provider": z.record(z.string(), z.unknown()).optional(),
});
const contextSchema = z.object({ cluster: z.string(), user: z.string().optional(), namespace: z.string().optional() });
const fileSchema = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })).nullish(),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: contextSchema })).nullish(),
  "current-context": z.string().optional(),
});

type User = z.infer<typeof userSchema>;

/** Which file's what. */
export interface KubeconfigOptions {
  /** Default: the file's own. */
  readonly context?: string | undefined;
  /** What relative paths in it are relative to. */
  readonly baseDir?: string;
}

/** Access by a kubeconfig file. Throws with the file's name and what is wrong in it. */
export const kubeconfigAccess = (path: string, options: KubeconfigOptions = {}): ApiAccess => {
  try {
    return parseKubeconfig(readFileSync(path, "utf8"), { baseDir: dirname(path), ...options });
  } catch (error) {
    throw new Error(`kubeconfig ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};

/**
 * Access by a kubeconfig's text: certificates, tokens, names with passwords, and programs that say who one is (`exec`).
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ Throws where it is wrong or asks for what is not
 * supported (`auth-provider`, which Kubernetes itself has dropped; `proxy-url`).
 */
export const parseKubeconfig = (text: string, options: KubeconfigOptions = {}): ApiAccess => {
  const file = fileSchema.parse(parse(text));
  const contextName = options.context ?? file["current-context"];
  if (contextName === undefined || contextName === "") throw new Error("current-context is not set");
  const context = find(file.contexts, contextName, "context").context;
  const cluster = find(file.clusters, context.cluster, "cluster").cluster;
  const user: User = context.user === undefined ? {} : (find(file.users, context.user, "user").user ?? {});
  if (cluster["proxy-url"] !== undefined) throw new Error(`cluster ${context.cluster}: proxy-url is not supported`);
  if (user["auth-provider"] !== undefined)
    throw new Error(`user ${context.user}: auth-provider is not supported, use exec`);
  const load = (data: string | undefined, path: string | undefined): Buffer | undefined => {
    if (data !== undefined) return Buffer.from(data, "base64");
    return path === undefined ? undefined : readFileSync(resolve(options.baseDir ?? ".", path));
  };
  const credentials = credentialsOf(user, context.user ?? "", options.baseDir ?? ".");
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace: context.namespace,
    tls: () =>
      defined({
        ca: load(cluster["certificate-authority-data"], cluster["certificate-authority"]),
        cert: load(user["client-certificate-data"], user["client-certificate"]),
        key: load(user["client-key-data"], user["client-key"]),
        servername: cluster["tls-server-name"],
        rejectUnauthorized: cluster["insecure-skip-tls-verify"] === true ? false : undefined,
        ...credentials.tls?.(),
      }),
    headers: credentials.headers,
    onUnauthorized: credentials.forget,
  };
};

const find = <T extends { readonly name: string }>(
  items: readonly T[] | null | undefined,
  name: string,
  what: string,
): T => {
  const found = items?.find((item) => item.name === name);
  if (found === undefined) throw new Error(`there is no ${what} "${name}"`);
  return found;
};

const defined = (material: { [K in keyof TlsMaterial]?: TlsMaterial[K] | undefined }): TlsMaterial =>
  Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined));

interface Credentials {
  readonly headers: ApiAccess["headers"];
  readonly tls?: () => TlsMaterial;
  readonly forget: () => void;
}

const nothing = (): void => undefined;

const credentialsOf = (user: User, name: string, baseDir: string): Credentials => {
  if (user.exec !== undefined) return execCredentials(name, user.exec);
  if (user.tokenFile !== undefined) {
    const file = new TokenFile(resolve(baseDir, user.tokenFile));
    return {
      headers: () => Promise.resolve({ authorization: `Bearer ${file.read()}` }),
      forget: () => file.forget(),
    };
  }
  const headers: Record<string, string> = {};
  if (user.token !== undefined) headers.authorization = `Bearer ${user.token}`;
  else if (user.username !== undefined)
    headers.authorization = `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
  return { headers: () => Promise.resolve(headers), forget: nothing };
};
