import type { FaultContext } from "../types.ts";

/** Waits until every deployment has the replicas it shall have, all running and none on its way out, and returns their pids. */
export const untilWhole = async ({ cluster, state }: FaultContext, timeoutMs = 30_000): Promise<readonly number[]> =>
  await state.until(
    "all replicas running",
    async () => {
      const apps = Object.values((await cluster.api.apps()).applications);
      const deployments = apps.flatMap((app) => Object.values(app.deployments));
      const whole = deployments.every(
        ({ replicas, target_num_replicas }) =>
          replicas.length === target_num_replicas && replicas.every(({ state: at }) => at === "RUNNING"),
      );
      return whole && deployments.flatMap(({ replicas }) => replicas.flatMap(({ pid }) => (pid === null ? [] : [pid])));
    },
    timeoutMs,
  );
