import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";
import type { KubeObject } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { parseQuantity } from "../../apiserver/quantity.ts";
import type { Pod } from "../../kubelet/types.ts";
import { createUnlessThere, deleteObject } from "../objects/delete-object.ts";
import type { ClaimObject, VolumeObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { keyOfObject } from "../runtime/informer.ts";

const provisioner = "manta.io/local-folder";
const protection = "kubernetes.io/pvc-protection";
const defaultClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

type ClassObject = KubeObject & StorageClass;

/**
 * Claims get volumes: one that is there and fits, or a new one of class `standard`, which is a folder of this machine.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim
 */
export const startClaims: StartController = (deps) => {
  const { informers, access, log } = deps;
  const claims = informers.of<ClaimObject>(resources.persistentVolumeClaims);
  const volumes = informers.of<VolumeObject>(resources.persistentVolumes);
  const pods = informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "persistentvolumeclaim", async (key) => {
    const [kind, namespace = "", name = ""] = key.split("/");
    if (kind === "volume") await settleVolume(deps, volumes.get(undefined, name));
    else await settleClaim(deps, claims.get(namespace, name));
    return undefined;
  });
  createUnlessThere(access, resources.storageClasses, defaultClass).catch((error: unknown) => log.warn(String(error)));
  claims.onChange(({ object, gone }) => {
    if (!gone) queue.add(`claim/${keyOfObject(object)}`);
    else if (object.spec.volumeName !== undefined) queue.add(`volume//${object.spec.volumeName}`);
  });
  volumes.onChange(({ object, gone }) => {
    if (!gone) queue.add(`volume/${keyOfObject(object)}`);
    for (const claim of claims.all()) if (claim.status?.phase !== "Bound") queue.add(`claim/${keyOfObject(claim)}`);
  });
  // A claim that is deleted stays while a pod uses it.
  pods.onChange(({ object, gone }) => {
    if (gone || !isUsing(object))
      for (const name of claimsOf(object)) queue.add(`claim/${object.metadata.namespace ?? ""}/${name}`);
  });
  return queue;
};

const claimsOf = ({ spec }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);

const isUsing = ({ status }: Pod): boolean => status?.phase !== "Succeeded" && status?.phase !== "Failed";

const settleClaim = async (deps: ControllerDeps, claim: ClaimObject | undefined): Promise<void> => {
  if (claim === undefined) return;
  const { access, informers } = deps;
  const { finalizers = [], deletionTimestamp } = claim.metadata;
  const isProtected = finalizers.includes(protection);
  if (deletionTimestamp !== undefined) {
    const pods = informers.of<Pod>(resources.pods).inNamespace(claim.metadata.namespace);
    if (!isProtected || pods.some((pod) => isUsing(pod) && claimsOf(pod).includes(claim.metadata.name))) return;
    await setFinalizers(
      deps,
      claim,
      finalizers.filter((finalizer) => finalizer !== protection),
    );
    return;
  }
  if (!isProtected) {
    await setFinalizers(deps, claim, [...finalizers, protection]);
    return;
  }
  if (claim.status?.phase === "Bound") return;
  const volume = await volumeFor(deps, claim);
  if (volume === undefined) {
    await writeStatus(access, resources.persistentVolumeClaims, claim, { ...claim.status, phase: "Pending" });
    return;
  }
  await bind(deps, claim, volume);
};

const bind = async ({ access }: ControllerDeps, claim: ClaimObject, volume: VolumeObject): Promise<void> => {
  const { namespace = "default", name, uid } = claim.metadata;
  const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid };
  const volumeId = { name: volume.metadata.name };
  await access.mergePatch(resources.persistentVolumes, volumeId, { spec: { claimRef } });
  await access.mergePatch(resources.persistentVolumes, volumeId, { status: { phase: "Bound" } }, "status");
  const claimId = { namespace, name };
  await access.mergePatch(resources.persistentVolumeClaims, claimId, { spec: { volumeName: volume.metadata.name } });
  const { accessModes, capacity } = volume.spec;
  const status = { phase: "Bound", accessModes, capacity };
  await access.mergePatch(resources.persistentVolumeClaims, claimId, { status }, "status");
};

/** The volume that is named or bound already, a free one that fits, or a new one where the class makes them. */
const volumeFor = async (deps: ControllerDeps, claim: ClaimObject): Promise<VolumeObject | undefined> => {
  const volumes = deps.informers.of<VolumeObject>(resources.persistentVolumes);
  const { volumeName, storageClassName = "" } = claim.spec;
  if (volumeName !== undefined) return volumes.get(undefined, volumeName);
  const own = volumes.all().find(({ spec }) => spec.claimRef?.uid === claim.metadata.uid);
  if (own !== undefined) return own;
  const free = volumes.all().find((volume) => fits(volume, claim));
  if (free !== undefined) return free;
  const found = deps.informers.of<ClassObject>(resources.storageClasses).get(undefined, storageClassName);
  return found?.provisioner === provisioner ? provision(deps, claim, found) : undefined;
};

const fits = ({ spec, status }: VolumeObject, claim: ClaimObject): boolean => {
  const { storageClassName = "", accessModes = [], resources: wanted } = claim.spec;
  const { name, namespace } = claim.metadata;
  const isOurs =
    spec.claimRef?.name === name && spec.claimRef.namespace === namespace && spec.claimRef.uid === undefined;
  if ((spec.claimRef !== undefined && !isOurs) || status?.phase === "Released") return false;
  return (
    (spec.storageClassName ?? "") === storageClassName &&
    accessModes.every((mode) => spec.accessModes?.includes(mode)) &&
    (parseQuantity(spec.capacity?.["storage"]) ?? 0n) >= (parseQuantity(wanted?.requests?.["storage"]) ?? 0n)
  );
};

const provision = async (
  { access, events }: ControllerDeps,
  claim: ClaimObject,
  { metadata, reclaimPolicy = "Delete" }: ClassObject,
): Promise<VolumeObject> => {
  const { uid = "" } = claim.metadata;
  const name = `pvc-${uid}`;
  const created = await access.create(resources.persistentVolumes, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.["storage"] ?? "0" },
      accessModes: claim.spec.accessModes,
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: metadata.name,
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
      hostPath: { path: `/var/lib/manta/claims/${uid}`, type: "DirectoryOrCreate" },
    },
  });
  const message = `Successfully provisioned volume ${name}`;
  events.record(claim, { component: provisioner }, { type: "Normal", reason: "ProvisioningSucceeded", message });
  return created as VolumeObject;
};

/** https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming */
const settleVolume = async ({ access, informers }: ControllerDeps, volume: VolumeObject | undefined): Promise<void> => {
  if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) return;
  const { claimRef, persistentVolumeReclaimPolicy } = volume.spec;
  const claims = informers.of<ClaimObject>(resources.persistentVolumeClaims);
  const claim = claimRef?.name === undefined ? undefined : claims.get(claimRef.namespace, claimRef.name);
  if (claimRef?.uid === undefined) {
    await writeStatus(access, resources.persistentVolumes, volume, { ...volume.status, phase: "Available" });
  } else if (claim?.metadata.uid !== claimRef.uid) {
    if (persistentVolumeReclaimPolicy === "Delete") await deleteObject(access, resources.persistentVolumes, volume);
    else await writeStatus(access, resources.persistentVolumes, volume, { ...volume.status, phase: "Released" });
  }
};

const setFinalizers = async ({ access }: ControllerDeps, claim: ClaimObject, finalizers: string[]): Promise<void> => {
  const { namespace = "default", name, resourceVersion } = claim.metadata;
  await access.mergePatch(
    resources.persistentVolumeClaims,
    { namespace, name },
    { metadata: { finalizers, resourceVersion } },
  );
};
