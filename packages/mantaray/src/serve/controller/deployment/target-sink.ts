import type { Log } from "../../../base/log.ts";
import { scalingNote } from "../state/finish-build.ts";
import { type DeploymentTarget, withDeployment } from "../state/target-state.ts";
import type { TargetStore } from "../state/target-store.ts";
import { type DeploymentStatusEvent, nextDeploymentStatus } from "../status/deployment-status.ts";
import type { ReconcilerSink } from "./reconciler-shared.ts";

/** What the sink writes to, and for whom. */
export interface TargetSinkDeps {
  readonly store: TargetStore;
  readonly log: Log;
  readonly app: string;
  readonly deployment: string;
  readonly onTouched: () => void;
}

/** What a reconciler finds out, written into the target state: status, failure, the last good revision. */
export const targetSink = (deps: TargetSinkDeps): ReconcilerSink => {
  const { store, log, app, deployment, onTouched } = deps;
  const patch = (change: (target: DeploymentTarget) => DeploymentTarget): void =>
    store.patch((state) => withDeployment(state, app, deployment, change));
  return {
    onTouched,
    onStatus: (event: DeploymentStatusEvent, message) =>
      patch((now) => {
        const next = nextDeploymentStatus(now.status, event, message);
        return next === now.status ? now : { ...now, status: next };
      }),
    onMessage: (message) =>
      patch((now) => (now.status.message === message ? now : { ...now, status: { ...now.status, message } })),
    onGaveUp: (message) => {
      log.warn({ app, deployment, message }, "a deployment gave up its new version");
      patch((now) => ({
        ...now,
        failure: message,
        status: nextDeploymentStatus(now.status, "STARTUP_FAILED", message),
      }));
    },
    onComplete: () =>
      patch((now) => {
        const next = nextDeploymentStatus(now.status, "HEALTHY", scalingNote(now.target.resolved));
        return next === now.status && now.stable === now.target ? now : { ...now, status: next, stable: now.target };
      }),
  };
};
