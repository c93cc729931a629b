import { isIP } from "node:net";

/**
 * Whether a `Host` header names us. A page that rebinds its own name to our address (DNS rebinding) sends
 * that name: so names are refused unless they are known. Addresses cannot be rebound and pass.
 */
export const hostAllowed = (host: string | undefined, names: readonly string[]): boolean => {
  if (host === undefined) return false;
  const name = hostName(host);
  if (name === undefined) return false;
  if (isIP(name) !== 0) return true;
  return name === "localhost" || names.includes(name) || clusterSuffixes.some((suffix) => name.endsWith(suffix));
};

/** Services of a Kubernetes cluster: nobody outside can own such a name. */
const clusterSuffixes = [".svc", ".svc.cluster.local"] as const;

/** Names we answer to besides the built-in ones: where we listen, who we are, `MANTA_ALLOWED_HOSTS` (comma list). */
export const allowedHostNames = (
  own: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] =>
  [...own, ...(env.MANTA_ALLOWED_HOSTS ?? "").split(",")]
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");

/** The header without its port; undefined when malformed. */
const hostName = (host: string): string | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
};
