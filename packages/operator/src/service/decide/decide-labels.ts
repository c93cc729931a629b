import { labels } from "../../api/names.ts";
import type { RayService } from "../../api/ray-service.ts";
import { isHead, isTerminating } from "../../cluster/pod-state.ts";
import type { Action } from "../../kube/plan.ts";
import { resources } from "../../kube/resources.ts";
import type { ServeCluster, ServePod } from "../observed-service.ts";
import { normal, scopes, warning } from "./service-context.ts";

/**
 * Whether the heads of a cluster are behind its Service (reference, section 4.7). L1: a head on its way out leaves at
 * once. L2: else it is what its proxy says, twice when that is bad. L3: while nothing is known, nothing changes.
 */
export const decideHeadLabels = (service: RayService, view: ServeCluster): Action[] =>
  view.pods
    .filter(({ pod }) => isHead(pod))
    .flatMap((head) => {
      const wanted = wantedLabel(service, head);
      const current = head.pod.metadata.labels?.[labels.serve];
      return wanted === undefined || wanted === current ? [] : [labelPod(head, wanted)];
    });

const wantedLabel = (service: RayService, { pod, proxy }: ServePod): "true" | "false" | undefined => {
  if (service.spec.excludeHeadPodFromServeSvc || isTerminating(pod)) return "false";
  return proxy?.healthy === undefined ? undefined : (String(proxy.healthy) as "true" | "false");
};

const labelPod = ({ pod }: ServePod, value: string): Action => ({
  kind: "patch",
  resource: resources.pods,
  ref: { namespace: pod.metadata.namespace, name: pod.metadata.name },
  patch: {
    type: "merge",
    // Not another pod of the same name.
    body: { metadata: { uid: pod.metadata.uid, labels: { [labels.serve]: value } } },
  },
  scope: scopes.pod(pod.metadata.name),
  onDone: normal("UpdatedHeadPodServeLabel", "Update", `Set ${labels.serve}=${value} on head pod {name}`),
  onError: warning(
    "FailedToUpdateHeadPodServeLabel",
    "Update",
    `Could not set ${labels.serve}=${value} on head pod {name}: {error}`,
  ),
});
