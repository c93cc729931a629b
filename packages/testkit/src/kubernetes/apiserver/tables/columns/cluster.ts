import type { KubeObject } from "../../../api/objects.ts";
import { ageText } from "../age.ts";
import { ageColumn, type Column, column, nameColumn } from "../column.ts";
import { at, conditionOf, countAt, joined, listAt, none, sizeAt, textAt } from "../read.ts";

const number = { type: "integer" } as const;
const wide = { wide: true } as const;
const binding: readonly Column[] = [
  nameColumn,
  column("Role", (object) => `${textAt(object, ["roleRef", "kind"])}/${textAt(object, ["roleRef", "name"])}`),
  ageColumn,
];
const createdAt: Column = column("Created At", ({ metadata }) => metadata.creationTimestamp ?? null, { type: "date" });

/** Columns of what a cluster is made of: nodes, namespaces, storage, permissions, events. */
export const clusterColumns: Readonly<Record<string, readonly Column[]>> = {
  nodes: [
    nameColumn,
    column("Status", nodeStatus),
    column("Roles", nodeRoles),
    ageColumn,
    column("Version", (node) => textAt(node, ["status", "nodeInfo", "kubeletVersion"])),
    column("Internal-IP", (node) => nodeAddress(node, "InternalIP"), wide),
    column("External-IP", (node) => nodeAddress(node, "ExternalIP"), wide),
    column("OS-Image", (node) => textAt(node, ["status", "nodeInfo", "osImage"], "<unknown>"), wide),
    column("Kernel-Version", (node) => textAt(node, ["status", "nodeInfo", "kernelVersion"], "<unknown>"), wide),
    column(
      "Container-Runtime",
      (node) => textAt(node, ["status", "nodeInfo", "containerRuntimeVersion"], "<unknown>"),
      wide,
    ),
  ],
  namespaces: [nameColumn, column("Status", (namespace) => textAt(namespace, ["status", "phase"])), ageColumn],
  configmaps: [nameColumn, column("Data", (map) => sizeAt(map, "data") + sizeAt(map, "binaryData"), number), ageColumn],
  secrets: [
    nameColumn,
    column("Type", (secret) => textAt(secret, ["type"])),
    column("Data", (secret) => sizeAt(secret, "data"), number),
    ageColumn,
  ],
  serviceaccounts: [nameColumn, column("Secrets", (account) => listAt(account, "secrets").length, number), ageColumn],
  events: [
    column("Last Seen", lastSeen),
    column("Type", (event) => textAt(event, ["type"])),
    column("Reason", (event) => textAt(event, ["reason"])),
    column("Object", eventObject),
    column("Subobject", (event) => textAt(event, ["involvedObject", "fieldPath"]), wide),
    column("Source", (event) => textAt(event, ["source", "component"]) || textAt(event, ["reportingComponent"]), wide),
    column("Message", (event) => (textAt(event, ["message"]) || textAt(event, ["note"])).trim()),
    column(
      "First Seen",
      (event, now) => ageText(textAt(event, ["firstTimestamp"]) || textAt(event, ["eventTime"]), now),
      wide,
    ),
    column("Count", (event) => Math.max(1, countAt(event, "count"), countAt(event, "series", "count")), {
      ...number,
      wide: true,
    }),
    column("Name", ({ metadata }) => metadata.name, wide),
  ],
  leases: [nameColumn, column("Holder", (lease) => textAt(lease, ["spec", "holderIdentity"])), ageColumn],
  persistentvolumeclaims: [
    nameColumn,
    column("Status", (claim) =>
      claim.metadata.deletionTimestamp === undefined ? textAt(claim, ["status", "phase"]) : "Terminating",
    ),
    column("Volume", (claim) => textAt(claim, ["spec", "volumeName"])),
    column("Capacity", (claim) => textAt(claim, ["status", "capacity", "storage"])),
    column("Access Modes", (claim) => accessModes(at(claim, "status", "accessModes"))),
    column("StorageClass", (claim) => textAt(claim, ["spec", "storageClassName"])),
    column("VolumeAttributesClass", (claim) => textAt(claim, ["spec", "volumeAttributesClassName"], "<unset>")),
    ageColumn,
    column("VolumeMode", (claim) => textAt(claim, ["spec", "volumeMode"], "Filesystem"), wide),
  ],
  persistentvolumes: [
    nameColumn,
    column("Capacity", (volume) => textAt(volume, ["spec", "capacity", "storage"])),
    column("Access Modes", (volume) => accessModes(at(volume, "spec", "accessModes"))),
    column("Reclaim Policy", (volume) => textAt(volume, ["spec", "persistentVolumeReclaimPolicy"])),
    column("Status", (volume) => textAt(volume, ["status", "phase"])),
    column("Claim", (volume) =>
      [textAt(volume, ["spec", "claimRef", "namespace"]), textAt(volume, ["spec", "claimRef", "name"])]
        .filter((text) => text !== "")
        .join("/"),
    ),
    column("StorageClass", (volume) => textAt(volume, ["spec", "storageClassName"])),
    ageColumn,
  ],
  poddisruptionbudgets: [
    nameColumn,
    column("Min Available", (budget) => textAt(budget, ["spec", "minAvailable"], "N/A")),
    column("Max Unavailable", (budget) => textAt(budget, ["spec", "maxUnavailable"], "N/A")),
    column("Allowed Disruptions", (budget) => countAt(budget, "status", "disruptionsAllowed"), number),
    ageColumn,
  ],
  resourcequotas: [
    nameColumn,
    column("Request", (quota) => quotaText(quota, (name) => !name.startsWith("limits."))),
    column("Limit", (quota) => quotaText(quota, (name) => name.startsWith("limits."))),
    ageColumn,
  ],
  roles: [nameColumn, createdAt],
  clusterroles: [nameColumn, createdAt],
  rolebindings: binding,
  clusterrolebindings: binding,
  customresourcedefinitions: [nameColumn, createdAt],
  storageclasses: [
    nameColumn,
    column("Provisioner", (storageClass) => textAt(storageClass, ["provisioner"])),
    column("ReclaimPolicy", (storageClass) => textAt(storageClass, ["reclaimPolicy"], "Delete")),
    column("VolumeBindingMode", (storageClass) => textAt(storageClass, ["volumeBindingMode"], "Immediate")),
    column("AllowVolumeExpansion", (storageClass) => at(storageClass, "allowVolumeExpansion") === true, {
      type: "boolean",
    }),
    ageColumn,
  ],
  priorityclasses: [
    nameColumn,
    column("Value", (priority) => countAt(priority, "value"), number),
    column("Global-Default", (priority) => at(priority, "globalDefault") === true, { type: "boolean" }),
    ageColumn,
    column("PreemptionPolicy", (priority) => textAt(priority, ["preemptionPolicy"], "PreemptLowerPriority")),
  ],
};

function nodeStatus(node: KubeObject): string {
  const ready = conditionOf(node, "Ready");
  const words = [ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady"];
  if (at(node, "spec", "unschedulable") === true) words.push("SchedulingDisabled");
  return words.join(",");
}

function nodeRoles({ metadata }: KubeObject): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return joined(roles.map((label) => label.slice(prefix.length)).toSorted());
}

function nodeAddress(node: KubeObject, type: string): string {
  const found = listAt(node, "status", "addresses").find((address) => address["type"] === type);
  return found === undefined ? none : textAt(found, ["address"]);
}

function lastSeen(event: KubeObject, now: Date): string {
  const times = [["series", "lastObservedTime"], ["lastTimestamp"], ["eventTime"], ["deprecatedLastTimestamp"]];
  const time = times.map((path) => textAt(event, path)).find((text) => text !== "");
  return ageText(time ?? event.metadata.creationTimestamp, now);
}

function eventObject(event: KubeObject): string {
  const about = at(event, "involvedObject") ?? at(event, "regarding");
  return `${textAt(about, ["kind"]).toLowerCase()}/${textAt(about, ["name"])}`;
}

const modeNames: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(modes: unknown): string {
  return Array.isArray(modes) ? modes.map((mode) => modeNames[String(mode)] ?? String(mode)).join(",") : "";
}

function quotaText(quota: KubeObject, shown: (name: string) => boolean): string {
  const hard = (at(quota, "status", "hard") ?? {}) as Readonly<Record<string, unknown>>;
  const names = Object.keys(hard).filter(shown).toSorted();
  return names
    .map((name) => `${name}: ${textAt(quota, ["status", "used", name], "0")}/${String(hard[name])}`)
    .join(", ");
}
