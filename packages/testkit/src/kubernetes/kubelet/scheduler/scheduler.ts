import type { PodCondition } from "kubernetes-types/core/v1.d.ts";
import type { ApiAccess } from "../../api/access.ts";
import { ApiError } from "../../api/api-error.ts";
import { resources } from "../../api/resources.ts";
import { apiTime, type KubeletClock } from "../clock.ts";
import type { EventRecorder } from "../events.ts";
import { kubeletLimits } from "../limits.ts";
import { type KubeletLog, messageOf } from "../log.ts";
import { hasEnded, keyOf, type NodeObject, namespaceOf, type Pod } from "../types.ts";
import { chooseNode } from "./choose-node.ts";

/** What the scheduler works with. */
export interface SchedulerDeps {
  readonly access: ApiAccess;
  readonly clock: KubeletClock;
  readonly log: KubeletLog;
  readonly events: EventRecorder;
}

const schedulerName = "default-scheduler";

/** Binds pods without a node to one. No preemption; priority only orders who is asked first. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #pods = new Map<string, Pod>();
  readonly #nodes = new Map<string, NodeObject>();
  readonly #watches: { close(): void }[];
  #pass: Promise<void> | undefined;
  #isDirty = false;
  #isClosed = false;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    const { access } = deps;
    this.#watches = [
      access.watch(resources.pods, {}, ({ type, object }) => {
        if (type === "DELETED") this.#pods.delete(keyOf(object));
        else this.#pods.set(keyOf(object), object as Pod);
        this.#changed();
      }),
      access.watch(resources.nodes, {}, ({ type, object }) => {
        if (type === "DELETED") this.#nodes.delete(object.metadata.name);
        else this.#nodes.set(object.metadata.name, object);
        this.#changed();
      }),
    ];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
    await this.#pass;
  }

  #changed(): void {
    this.#isDirty = true;
    this.#pass ??= this.#run().finally(() => {
      this.#pass = undefined;
    });
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    while (this.#isDirty && !this.#isClosed) {
      // What comes at once is looked at together.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      this.#isDirty = false;
      for (const pod of this.#waiting()) {
        try {
          await this.#schedule(pod);
        } catch (error) {
          if (error instanceof ApiError && (error.reason === "NotFound" || error.reason === "Conflict")) continue;
          log.warn(`scheduling of pod ${keyOf(pod)}: ${messageOf(error)}`);
          clock.after(kubeletLimits.retryMs, () => this.#changed());
        }
      }
    }
  }

  #waiting(): Pod[] {
    return [...this.#pods.values()]
      .filter(
        (pod) =>
          pod.spec.nodeName === undefined &&
          pod.metadata.deletionTimestamp === undefined &&
          !hasEnded(pod) &&
          (pod.spec.schedulerName ?? schedulerName) === schedulerName,
      )
      .toSorted(
        (a, b) =>
          (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
          (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""),
      );
  }

  async #schedule(pod: Pod): Promise<void> {
    if (this.#pods.get(keyOf(pod)) !== pod) {
      this.#isDirty = true;
      return;
    }
    const { access, events } = this.#deps;
    const source = { component: schedulerName };
    if ((pod.spec.schedulingGates ?? []).length > 0) {
      const message = "Scheduling is blocked due to non-empty scheduling gates";
      await this.#setScheduled(pod, { type: "PodScheduled", status: "False", reason: "SchedulingGated", message });
      return;
    }
    const boundPods = [...this.#pods.values()].filter((other) => other.spec.nodeName !== undefined);
    const choice = chooseNode(pod, { nodes: [...this.#nodes.values()], boundPods });
    if (choice.kind === "unschedulable") {
      const { message } = choice;
      const isNew = await this.#setScheduled(pod, {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message,
      });
      if (isNew) events.record(pod, source, { type: "Warning", reason: "FailedScheduling", message });
      return;
    }
    const id = { namespace: namespaceOf(pod), name: pod.metadata.name };
    const { nodeName } = choice;
    await access.mergePatch(resources.pods, id, { metadata: { uid: pod.metadata.uid }, spec: { nodeName } });
    const message = `Successfully assigned ${namespaceOf(pod)}/${pod.metadata.name} to ${nodeName}`;
    events.record(pod, source, { type: "Normal", reason: "Scheduled", message });
  }

  /** Why it has no node; that it has one says the kubelet. Whether this is another than before. */
  async #setScheduled(pod: Pod, condition: PodCondition): Promise<boolean> {
    const { access, clock } = this.#deps;
    const conditions = pod.status?.conditions ?? [];
    const old = conditions.find(({ type }) => type === condition.type);
    const { status, reason, message } = condition;
    if (old?.status === status && old.reason === reason && old.message === message) return false;
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : apiTime(clock.wallMs());
    const others = conditions.filter(({ type }) => type !== condition.type);
    await access.mergePatch(
      resources.pods,
      { namespace: namespaceOf(pod), name: pod.metadata.name },
      {
        metadata: { uid: pod.metadata.uid },
        status: {
          phase: pod.status?.phase ?? "Pending",
          conditions: [...others, { ...condition, lastTransitionTime }],
        },
      },
      "status",
    );
    return true;
  }
}
