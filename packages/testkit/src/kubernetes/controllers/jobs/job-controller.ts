import { resources } from "../../api/resources.ts";
import { apiTime } from "../../kubelet/clock.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerLimits } from "../limits.ts";
import { conditionOf } from "../objects/conditions.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { controlledBy } from "../objects/ownership.ts";
import { podFromTemplate } from "../objects/pod-from-template.ts";
import { isActive } from "../objects/pod-state.ts";
import type { JobObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type Controller, type ControllerDeps, queueFor } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { enqueueOwners } from "../workloads/enqueue-owners.ts";
import { isFinished, type JobView, jobStatus } from "./job-status.ts";

const source = { component: "job-controller" };

/**
 * Pods that run until enough of them succeeded or too many failed. Finished pods count while they are there: who deletes
 * one by hand has it run again. https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export const startJobs = (deps: ControllerDeps, backoffMs: number = controllerLimits.jobBackoffMs): Controller => {
  const jobs = deps.informers.of<JobObject>(resources.jobs);
  const pods = deps.informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "job", (key) => reconcile(deps, { jobs, pods, backoffMs }, key));
  jobs.onChange(({ object }) => queue.add(keyOfObject(object)));
  enqueueOwners(pods, jobs, "Job", queue);
  return queue;
};

interface JobCaches {
  readonly jobs: Informer<JobObject>;
  readonly pods: Informer<Pod>;
  readonly backoffMs: number;
}

const reconcile = async (deps: ControllerDeps, caches: JobCaches, key: string): Promise<number | undefined> => {
  const { access, clock } = deps;
  const [namespace, name] = key.split("/") as [string, string];
  const job = caches.jobs.get(namespace, name);
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const nowMs = clock.wallMs();
  if (isFinished(job)) return forget(deps, job, nowMs);
  const view = viewOf(job, caches.pods);
  const status = jobStatus(job, view, nowMs);
  const ended = isFinished({ ...job, status });
  if (ended || job.spec.suspend === true)
    for (const pod of view.active) await deleteObject(access, resources.pods, pod);
  const againMs =
    ended || job.spec.suspend === true ? undefined : await startMissing(deps, job, view, caches.backoffMs);
  const after = viewOf(job, caches.pods);
  const present = caches.jobs.get(namespace, name);
  if (present === undefined) return undefined;
  const counted = { ...status, active: after.active.length, ready: ended ? 0 : (status.ready ?? 0) };
  await writeStatus(access, resources.jobs, present, counted.active === 0 ? without(counted, "active") : counted);
  if (ended) tellEnd(deps, job, status);
  return earliest(againMs, deadlineInMs(job, status.startTime, nowMs));
};

const viewOf = (job: JobObject, pods: Informer<Pod>): JobView => {
  const own = controlledBy(job, pods.ownedBy(job.metadata.uid));
  return {
    active: own.filter(isActive),
    succeeded: own.filter(({ status }) => status?.phase === "Succeeded"),
    failed: own.filter(({ status }) => status?.phase === "Failed"),
  };
};

/** Resolves to when the next pod may start; later the more failed. https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy */
const startMissing = async (
  { access, clock, events }: ControllerDeps,
  job: JobObject,
  { active, succeeded, failed }: JobView,
  backoffMs: number,
): Promise<number | undefined> => {
  const { parallelism = 1, completions } = job.spec;
  const wanted = Math.min(parallelism, completions === undefined ? parallelism : completions - succeeded.length);
  // Without completions one success is enough; no new pods after it.
  const missing = completions === undefined && succeeded.length > 0 ? 0 : wanted - active.length;
  if (missing <= 0) return undefined;
  if (failed.length > 0) {
    const lastEnd = Math.max(...failed.map(endOf));
    const delayMs = Math.min(backoffMs * 2 ** (failed.length - 1), controllerLimits.jobBackoffMaxMs);
    const waitMs = lastEnd + delayMs - clock.wallMs();
    if (waitMs > 0) return waitMs;
  }
  for (let count = 0; count < missing; count += 1) {
    const pod = await access.create(
      resources.pods,
      podFromTemplate(job, job.spec.template, { generateName: `${job.metadata.name}-` }),
    );
    const message = `Created pod: ${pod.metadata.name}`;
    events.record(job, source, { type: "Normal", reason: "SuccessfulCreate", message });
  }
  return undefined;
};

const endOf = ({ status, metadata }: Pod): number => {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ""));
  const known = ends.filter((end) => !Number.isNaN(end));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.creationTimestamp ?? "");
};

const deadlineInMs = ({ spec }: JobObject, startTime: string | undefined, nowMs: number): number | undefined =>
  spec.activeDeadlineSeconds === undefined || startTime === undefined
    ? undefined
    : Math.max(0, Date.parse(startTime) + spec.activeDeadlineSeconds * 1_000 - nowMs);

/** https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/ */
const forget = async ({ access }: ControllerDeps, job: JobObject, nowMs: number): Promise<number | undefined> => {
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return undefined;
  const { conditions, completionTime } = job.status ?? {};
  const end = completionTime ?? conditionOf(conditions, "Failed")?.lastTransitionTime ?? apiTime(nowMs);
  const waitMs = Date.parse(end) + ttlSecondsAfterFinished * 1_000 - nowMs;
  if (waitMs > 0) return waitMs;
  await deleteObject(access, resources.jobs, job, { propagationPolicy: "Foreground" });
  return undefined;
};

const tellEnd = (
  { events }: ControllerDeps,
  job: JobObject,
  { conditions }: NonNullable<JobObject["status"]>,
): void => {
  const failed = conditionOf(conditions, "Failed");
  if (failed === undefined)
    events.record(job, source, { type: "Normal", reason: "Completed", message: "Job completed" });
  else
    events.record(job, source, { type: "Warning", reason: failed.reason ?? "Failed", message: failed.message ?? "" });
};

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const without = <T extends object, K extends keyof T>(object: T, field: K): Omit<T, K> => {
  const { [field]: _, ...rest } = object;
  return rest;
};
