import { apiTime } from "../../kubelet/clock.ts";
import type { Pod } from "../../kubelet/types.ts";
import { type Condition, conditionOf, withCondition } from "../objects/conditions.ts";
import { isReady } from "../objects/pod-state.ts";
import type { JobObject } from "../objects/types.ts";

/** A Job's pods. */
export interface JobView {
  readonly active: readonly Pod[];
  readonly succeeded: readonly Pod[];
  readonly failed: readonly Pod[];
}

type Status = NonNullable<JobObject["status"]>;

/** It is Complete or Failed, for good. */
export const isFinished = ({ status }: Pick<JobObject, "status">): boolean =>
  ["Complete", "Failed"].some((type) => conditionOf(status?.conditions, type)?.status === "True");

/** A Job's status by its pods. https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions */
export const jobStatus = (job: JobObject, view: JobView, nowMs: number): Status => {
  const now = apiTime(nowMs);
  const { suspend = false } = job.spec;
  const before = job.status ?? {};
  const startTime = suspend ? undefined : (before.startTime ?? now);
  const counts = {
    ready: view.active.filter(isReady).length,
    ...(view.succeeded.length === 0 ? {} : { succeeded: view.succeeded.length }),
    ...(view.failed.length === 0 ? {} : { failed: view.failed.length }),
  };
  const ends = endsOf(job, view, startTime, nowMs);
  let conditions: Condition[] | undefined = before.conditions;
  for (const condition of [suspension(conditions, suspend), ...ends].filter((each) => each !== undefined))
    conditions = withCondition(conditions, { lastProbeTime: now, ...condition }, now);
  const isComplete = ends.some(({ type }) => type === "Complete");
  return {
    ...(conditions === undefined ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(isComplete ? { completionTime: now } : {}),
    ...counts,
  };
};

/** Why it ends now; nothing: it goes on. */
const endsOf = (
  { spec }: JobObject,
  { active, succeeded, failed }: JobView,
  startTime: string | undefined,
  nowMs: number,
): Condition[] => {
  const { completions, parallelism = 1, backoffLimit = 6, activeDeadlineSeconds } = spec;
  const enough =
    completions === undefined ? succeeded.length > 0 && active.length === 0 : succeeded.length >= completions;
  if (enough && (completions !== undefined || parallelism > 0)) {
    const message = "Reached expected number of succeeded pods";
    const reason = "CompletionsReached";
    return [
      { type: "SuccessCriteriaMet", status: "True", reason, message },
      { type: "Complete", status: "True", reason, message },
    ];
  }
  // Containers that are restarted in place count, too.
  const restarts = active
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const failures = failed.length + (spec.template.spec?.restartPolicy === "OnFailure" ? restarts : 0);
  if (failures > backoffLimit)
    return failedBecause("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const isLate =
    activeDeadlineSeconds !== undefined &&
    startTime !== undefined &&
    nowMs >= Date.parse(startTime) + activeDeadlineSeconds * 1_000;
  return isLate ? failedBecause("DeadlineExceeded", "Job was active longer than specified deadline") : [];
};

const failedBecause = (reason: string, message: string): Condition[] => [
  { type: "FailureTarget", status: "True", reason, message },
  { type: "Failed", status: "True", reason, message },
];

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#suspending-a-job */
const suspension = (conditions: readonly Condition[] | undefined, suspend: boolean): Condition | undefined => {
  if (suspend) return { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" };
  if (conditionOf(conditions, "Suspended")?.status !== "True") return undefined;
  return { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" };
};
