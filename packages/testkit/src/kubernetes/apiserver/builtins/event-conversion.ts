import type { KubeObject } from "../../api/objects.ts";

/** Fields of `events.k8s.io/v1` and what they are called in the core group, which is how events are stored. */
const coreNames: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};

const newNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(coreNames).map(([name, coreName]) => [coreName, name]),
);

const renamed = (object: KubeObject, apiVersion: string, names: Readonly<Record<string, string>>): KubeObject => ({
  ...(Object.fromEntries(Object.entries(object).map(([field, value]) => [names[field] ?? field, value])) as KubeObject),
  apiVersion,
});

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ to the form of the core group. */
export const eventToCore = (event: KubeObject): KubeObject => renamed(event, "v1", coreNames);

/** The other way round: one stored event is served in both groups. */
export const eventFromCore = (event: KubeObject): KubeObject => renamed(event, "events.k8s.io/v1", newNames);
