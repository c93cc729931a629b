import type { Volume } from "kubernetes-types/core/v1.d.ts";
import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { fieldValue, type PodFacts, resourceValue } from "../env/field-value.ts";
import { namespaceOf, type Pod } from "../types.ts";

/** One file of a volume that is made of API objects. */
export interface PayloadFile {
  readonly data: Buffer;
  readonly mode: number;
}

/** Files by path inside the volume. */
export type Payload = Map<string, PayloadFile>;

/** Makes the token of a service account for a projected volume. */
export type TokenIssuer = (request: {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience?: string;
  readonly expirationSeconds: number;
  readonly pod: Pod;
}) => Promise<string>;

/** What volumes are made from. */
export interface PayloadSource {
  readonly access: ApiAccess;
  readonly pod: Pod;
  readonly facts: PodFacts;
  readonly issueToken: TokenIssuer | undefined;
}

/** A volume cannot be made yet, such as of a Secret that is not there; it is tried again. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

const modeDefault = 0o644;
/** Where a volume names none: an hour, and some for clients that do not read it again at once. */
export const tokenExpirationSeconds = 3_607;

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for any other. Throws `VolumeError`. */
export const volumePayload = async (source: PayloadSource, volume: Volume): Promise<Payload | undefined> => {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return objectFiles(source, resources.configMaps, configMap, configMap.defaultMode);
  if (secret !== undefined) {
    const { secretName, ...rest } = secret;
    return objectFiles(source, resources.secrets, { ...rest, name: secretName ?? "" }, secret.defaultMode);
  }
  if (downwardAPI !== undefined) return downwardFiles(source, downwardAPI, downwardAPI.defaultMode);
  if (projected === undefined) return undefined;
  const payload: Payload = new Map();
  for (const part of projected.sources ?? []) {
    for (const [path, file] of await projectedFiles(source, part, projected.defaultMode)) payload.set(path, file);
  }
  return payload;
};

type Projection = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];

const projectedFiles = async (source: PayloadSource, part: Projection, mode = modeDefault): Promise<Payload> => {
  if (part.configMap) return objectFiles(source, resources.configMaps, part.configMap, mode);
  if (part.secret) return objectFiles(source, resources.secrets, part.secret, mode);
  if (part.downwardAPI) return downwardFiles(source, part.downwardAPI, mode);
  if (part.serviceAccountToken === undefined) return new Map();
  const { path, audience, expirationSeconds = tokenExpirationSeconds } = part.serviceAccountToken;
  if (source.issueToken === undefined) throw new VolumeError("this cluster issues no service account tokens");
  const token = await source.issueToken({
    namespace: namespaceOf(source.pod),
    serviceAccount: source.pod.spec.serviceAccountName ?? "default",
    ...(audience === undefined ? {} : { audience }),
    expirationSeconds,
    pod: source.pod,
  });
  return new Map([[path, { data: Buffer.from(token), mode }]]);
};

interface ObjectSource {
  readonly name?: string;
  readonly optional?: boolean;
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
}

const objectFiles = async (
  source: PayloadSource,
  resource: ResourceId,
  from: ObjectSource,
  mode = modeDefault,
): Promise<Payload> => {
  const { name = "", optional = false } = from;
  const kind = resource === resources.secrets ? "secret" : "configmap";
  const object = await source.access.get(resource, { namespace: namespaceOf(source.pod), name });
  if (object === undefined) {
    if (optional) return new Map();
    throw new VolumeError(`${kind} ${JSON.stringify(name)} not found`);
  }
  const data = objectData(object);
  if (from.items === undefined) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]));
  const payload: Payload = new Map();
  for (const item of from.items) {
    const bytes = data.get(item.key);
    if (bytes !== undefined) payload.set(item.path, { data: bytes, mode: item.mode ?? mode });
    else if (!optional) throw new VolumeError(`${kind} references non-existent config key: ${item.key}`);
  }
  return payload;
};

const objectData = (object: KubeObject): Map<string, Buffer> => {
  const data = (object.data ?? {}) as Record<string, string>;
  const binary = (object.binaryData ?? {}) as Record<string, string>;
  const encoding = object.kind === "Secret" ? "base64" : "utf8";
  return new Map([
    ...Object.entries(data).map(([key, value]) => [key, Buffer.from(value, encoding)] as const),
    ...Object.entries(binary).map(([key, value]) => [key, Buffer.from(value, "base64")] as const),
  ]);
};

const downwardFiles = (
  source: PayloadSource,
  from: NonNullable<Projection["downwardAPI"]>,
  mode = modeDefault,
): Payload =>
  new Map(
    (from.items ?? []).map((item) => {
      const value = item.fieldRef
        ? fieldValue(source.pod, source.facts, item.fieldRef)
        : item.resourceFieldRef
          ? resourceValue(source.pod, source.facts, item.resourceFieldRef)
          : "";
      return [item.path, { data: Buffer.from(value), mode: item.mode ?? mode }];
    }),
  );
