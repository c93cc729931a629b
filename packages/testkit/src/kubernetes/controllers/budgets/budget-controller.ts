import { resources } from "../../api/resources.ts";
import { apiTime } from "../../kubelet/clock.ts";
import type { Pod } from "../../kubelet/types.ts";
import { controllerLimits } from "../limits.ts";
import { type Condition, withCondition } from "../objects/conditions.ts";
import { isActive, isReady } from "../objects/pod-state.ts";
import { selectsLabels } from "../objects/selects-labels.ts";
import type { BudgetObject } from "../objects/types.ts";
import { writeStatus } from "../objects/write-status.ts";
import { type ControllerDeps, queueFor, type StartController } from "../runtime/controller.ts";
import { type Informer, keyOfObject } from "../runtime/informer.ts";
import { resolveCount } from "../workloads/rolling-update.ts";
import { expectedPods } from "./expected-pods.ts";

/** How many pods may be evicted now. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets */
export const startBudgets: StartController = (deps) => {
  const budgets = deps.informers.of<BudgetObject>(resources.podDisruptionBudgets);
  const pods = deps.informers.of<Pod>(resources.pods);
  const queue = queueFor(deps, "poddisruptionbudget", (key) => reconcile(deps, budgets, pods, key));
  budgets.onChange(({ object, gone }) => {
    if (!gone) queue.add(keyOfObject(object));
  });
  pods.onChange(({ object, previous }) => {
    for (const budget of budgets.inNamespace(object.metadata.namespace))
      if ([object, previous].some((pod) => selectsLabels(budget.spec.selector, pod?.metadata.labels)))
        queue.add(keyOfObject(budget));
  });
  return queue;
};

const reconcile = async (
  deps: ControllerDeps,
  budgets: Informer<BudgetObject>,
  pods: Informer<Pod>,
  key: string,
): Promise<number | undefined> => {
  const [namespace, name] = key.split("/") as [string, string];
  const budget = budgets.get(namespace, name);
  if (budget === undefined) return undefined;
  const { spec, status: before, metadata } = budget;
  const nowMs = deps.clock.wallMs();
  const selected = pods
    .labelled(namespace, spec.selector?.matchLabels ?? {})
    .filter((pod) => selectsLabels(spec.selector, pod.metadata.labels) && isActive(pod));
  const evicted = Object.entries(before?.disruptedPods ?? {}).filter(
    ([pod, time]) =>
      selected.some((each) => each.metadata.name === pod) &&
      nowMs < Date.parse(time) + controllerLimits.evictionForgottenMs,
  );
  const leaving = new Set(evicted.map(([pod]) => pod));
  const currentHealthy = selected.filter((pod) => isReady(pod) && !leaving.has(pod.metadata.name)).length;
  const wanted = desired(deps, spec, selected);
  const isKnown = typeof wanted === "object";
  const disruptionsAllowed = isKnown ? Math.max(0, currentHealthy - wanted.desiredHealthy) : 0;
  const condition = conditionFor(disruptionsAllowed, isKnown ? undefined : wanted, metadata.generation);
  await writeStatus(deps.access, resources.podDisruptionBudgets, budget, {
    ...(evicted.length === 0 ? {} : { disruptedPods: Object.fromEntries(evicted) }),
    observedGeneration: metadata.generation,
    currentHealthy,
    desiredHealthy: isKnown ? wanted.desiredHealthy : 0,
    expectedPods: isKnown ? wanted.expected : 0,
    disruptionsAllowed,
    conditions: withCondition(before?.conditions as Condition[] | undefined, condition, apiTime(nowMs)),
  });
  return evicted.length === 0 ? undefined : controllerLimits.evictionForgottenMs;
};

const conditionFor = (allowed: number, problem: string | undefined, generation: number | undefined): Condition => {
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const type = "DisruptionAllowed";
  if (problem !== undefined) return { type, status: "False", reason: "SyncFailed", message: problem, ...observed };
  return allowed > 0
    ? { type, status: "True", reason: "SufficientPods", message: "", ...observed }
    : { type, status: "False", reason: "InsufficientPods", message: "", ...observed };
};

/** How many pods there are to be and how many of them healthy; a text: why that cannot be told. */
const desired = (
  { informers }: ControllerDeps,
  { minAvailable, maxUnavailable }: BudgetObject["spec"],
  pods: readonly Pod[],
): { readonly expected: number; readonly desiredHealthy: number } | string => {
  if (typeof minAvailable === "number") return { expected: pods.length, desiredHealthy: minAvailable };
  const expected = expectedPods(informers, pods);
  if (typeof expected === "string") return expected;
  if (maxUnavailable === undefined)
    return { expected, desiredHealthy: resolveCount(minAvailable, expected, Math.ceil) };
  return { expected, desiredHealthy: Math.max(0, expected - resolveCount(maxUnavailable, expected, Math.ceil)) };
};
