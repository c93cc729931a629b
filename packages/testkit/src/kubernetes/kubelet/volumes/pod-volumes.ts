import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { Volume } from "kubernetes-types/core/v1.d.ts";
import { resources } from "../../api/resources.ts";
import { expand } from "../env/expand.ts";
import type { Bind } from "../sandbox/root-arguments.ts";
import { type ContainerSpec, namespaceOf } from "../types.ts";
import { type PayloadSource, tokenExpirationSeconds, VolumeError, volumePayload } from "./payload.ts";
import { writePayload } from "./payload-folder.ts";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const tokenVolume = "kube-api-access";

/** What a pod's volumes are made from, and where they lie. */
export interface VolumeOptions extends PayloadSource {
  /** The pod's own folder; goes with the pod. */
  readonly folder: string;
  /** Outlives pods. */
  readonly claimsFolder: string;
  /** For the service account's folder; absent: none. */
  readonly caCert: string | undefined;
}

/** A pod's volumes as folders of the host. An emptyDir of medium Memory is an ordinary folder; sizes are not enforced. */
export class PodVolumes {
  readonly #options: VolumeOptions;
  readonly #volumes: readonly Volume[];
  readonly #hosts = new Map<string, { readonly host: string; readonly readOnly: boolean }>();

  /** When a volume with a token was written, ms since the epoch. */
  readonly #tokensMs = new Map<string, number>();

  constructor(options: VolumeOptions) {
    this.#options = options;
    this.#volumes = options.pod.spec.volumes ?? [];
  }

  /** Makes what is not there. Throws `VolumeError` while something that it needs is missing; may be called again. */
  async prepare(): Promise<void> {
    for (const volume of this.#volumes) {
      try {
        this.#hosts.set(volume.name, await this.#prepareOne(volume));
        this.#tokensMs.set(volume.name, Date.now());
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        throw new VolumeError(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`);
      }
    }
    if (await this.#wantsToken()) await this.#writeToken();
  }

  /** Brings volumes made of API objects up to date; one whose object is gone keeps what it had. */
  async refresh(): Promise<void> {
    for (const volume of this.#volumes) {
      const known = this.#hosts.get(volume.name);
      if (known === undefined || this.#hasFreshToken(volume)) continue;
      const payload = await volumePayload(this.#options, volume).catch((error: unknown) => {
        if (error instanceof VolumeError) return undefined;
        throw error;
      });
      if (payload !== undefined) writePayload(known.host, payload);
    }
  }

  /** Its token is good for most of its time yet. A new one replaces it after four fifths, as a kubelet does. */
  #hasFreshToken(volume: Volume): boolean {
    const tokens = (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
    if (tokens.length === 0) return false;
    const seconds = Math.min(...tokens.map((token) => token.expirationSeconds ?? tokenExpirationSeconds));
    const nowMs = Date.now();
    if (nowMs < (this.#tokensMs.get(volume.name) ?? nowMs) + seconds * 800) return true;
    this.#tokensMs.set(volume.name, nowMs);
    return false;
  }

  /** The container's mounts. Throws `VolumeError` for a volume that the pod does not have, or a subPath that leaves it. */
  bindsOf(container: ContainerSpec, env: Readonly<Record<string, string>>): Bind[] {
    const binds = (container.volumeMounts ?? []).map((mount): Bind => {
      const volume = this.#hosts.get(mount.name);
      if (volume === undefined) throw new VolumeError(`no volume ${JSON.stringify(mount.name)} in the pod`);
      const subPath = mount.subPathExpr === undefined ? (mount.subPath ?? "") : expand(mount.subPathExpr, env);
      const host = subPath === "" ? volume.host : this.#subPath(volume.host, subPath);
      return {
        host,
        path: mount.mountPath.replace(/(.)\/$/, "$1"),
        writable: !volume.readOnly && mount.readOnly !== true,
      };
    });
    const token = this.#hosts.get(tokenVolume);
    if (token === undefined || binds.some(({ path }) => path === tokenPath)) return binds;
    return [...binds, { host: token.host, path: tokenPath }];
  }

  #subPath(host: string, subPath: string): string {
    const path = resolve(host, subPath);
    if (path !== host && !path.startsWith(host + sep)) throw new VolumeError(`subPath ${subPath} leaves its volume`);
    if (!existsSync(path)) mkdirSync(path, { recursive: true });
    // A file of a configMap is behind two links; it does not follow later changes, as documented.
    return realpathSync(path);
  }

  async #prepareOne(volume: Volume): Promise<{ host: string; readOnly: boolean }> {
    const host = join(this.#options.folder, volume.name);
    const payload = await volumePayload(this.#options, volume);
    if (payload !== undefined) {
      writePayload(host, payload);
      return { host, readOnly: true };
    }
    if (volume.emptyDir !== undefined || volume.ephemeral !== undefined) {
      mkdirSync(host, { recursive: true, mode: 0o777 });
      return { host, readOnly: false };
    }
    if (volume.hostPath !== undefined)
      return { host: hostPath(volume.hostPath.path, volume.hostPath.type ?? ""), readOnly: false };
    if (volume.persistentVolumeClaim !== undefined) {
      const { claimName, readOnly = false } = volume.persistentVolumeClaim;
      return { host: await this.#claim(claimName), readOnly };
    }
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    throw new VolumeError(`volumes of type ${kinds.join(", ")} are not supported by the local kubelet`);
  }

  async #claim(name: string): Promise<string> {
    const { access, claimsFolder, pod } = this.#options;
    const claim = await access.get(resources.persistentVolumeClaims, { namespace: namespaceOf(pod), name });
    if (claim === undefined) throw new VolumeError(`persistentvolumeclaim ${JSON.stringify(name)} not found`);
    const folder = join(claimsFolder, claim.metadata.uid ?? name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A cluster adds this volume by admission; where it has not, the kubelet does. */
  async #wantsToken(): Promise<boolean> {
    const { pod, access, issueToken } = this.#options;
    const { spec } = pod;
    const mounted = [...spec.containers, ...(spec.initContainers ?? [])].every((container) =>
      container.volumeMounts?.some(({ mountPath }) => mountPath.replace(/\/$/, "") === tokenPath),
    );
    if (mounted || issueToken === undefined) return false;
    if (spec.automountServiceAccountToken !== undefined) return spec.automountServiceAccountToken;
    const name = spec.serviceAccountName ?? "default";
    const account = await access.get(resources.serviceAccounts, { namespace: namespaceOf(pod), name });
    return account?.automountServiceAccountToken !== false;
  }

  async #writeToken(): Promise<void> {
    const { pod, issueToken, caCert, folder } = this.#options;
    const namespace = namespaceOf(pod);
    const serviceAccount = pod.spec.serviceAccountName ?? "default";
    const token = await issueToken?.({ namespace, serviceAccount, expirationSeconds: tokenExpirationSeconds, pod });
    const host = join(folder, tokenVolume);
    const files = { token: token ?? "", namespace, ...(caCert === undefined ? {} : { "ca.crt": caCert }) };
    writePayload(
      host,
      new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o644 }])),
    );
    this.#hosts.set(tokenVolume, { host, readOnly: true });
  }
}

const hostPath = (path: string, type: string): string => {
  if (type === "DirectoryOrCreate") mkdirSync(path, { recursive: true });
  if (type === "FileOrCreate" && !existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }
  if (!existsSync(path)) throw new VolumeError(`hostPath type check failed: ${path} is not there`);
  return path;
};
