import { gunzipSync, gzipSync } from "node:zlib";
import { parse } from "yaml";
import { annotations } from "../api/names.ts";
import type { RayCluster } from "../api/ray-cluster.ts";
import { digest } from "../cluster/revision.ts";
import { serviceLimits } from "./limits.ts";
import { serviceAnnotations } from "./names.ts";

/** The body of a PUT: `serveConfigV2` as JSON, with the capacity of an incremental upgrade. Throws with a clear text. */
export const configBody = (text: string, targetCapacity: number | undefined): Record<string, unknown> => {
  const config: unknown = parse(text, { maxAliasCount: 100 });
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new Error("spec.serveConfigV2 must be a YAML map with `applications`");
  return { ...config, ...(targetCapacity === undefined ? {} : { target_capacity: targetCapacity }) };
};

/** Names of the applications of a config; undefined where it cannot be read. */
export const configApplications = (text: string): readonly string[] | undefined => {
  try {
    const { applications } = configBody(text, undefined);
    if (!Array.isArray(applications)) return undefined;
    return applications.map((app: unknown) => {
      const name = typeof app === "object" && app !== null && "name" in app ? app.name : undefined;
      return typeof name === "string" && name !== "" ? name : "default";
    });
  } catch {
    // Whoever sends it says what is wrong with it.
    return undefined;
  }
};

/** Annotations which keep a config on its cluster; none where it is too long for one. */
export const keptConfig = (text: string): Record<string, string> => {
  if (Buffer.byteLength(text) <= serviceLimits.plainConfigBytesMax) return { [serviceAnnotations.serveConfig]: text };
  const packed = `${packedPrefix}${gzipSync(text).toString("base64")}`;
  return packed.length > serviceLimits.keptConfigBytesMax ? {} : { [serviceAnnotations.serveConfig]: packed };
};

/** The config that was kept on a cluster; undefined: none was. */
export const readKeptConfig = (cluster: RayCluster): string | undefined => {
  const text = cluster.metadata.annotations?.[serviceAnnotations.serveConfig];
  if (text?.startsWith(packedPrefix) !== true) return text;
  return gunzipSync(Buffer.from(text.slice(packedPrefix.length), "base64")).toString();
};

/** Whether it can be kept at all. */
export const isKeepable = (text: string): boolean => serviceAnnotations.serveConfig in keptConfig(text);

/**
 * Hash of what a head is told. The template is part of it: applications are packed from the head's own image, so a
 * changed one has them deployed once more.
 */
export const configHash = (cluster: RayCluster, text: string, targetCapacity: number | undefined): string =>
  digest([text, targetCapacity ?? null, cluster.metadata.annotations?.[annotations.specHash] ?? ""], 16);

const packedPrefix = "gzip:";
