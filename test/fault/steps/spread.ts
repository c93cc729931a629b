import type { ApiClient } from "../../../packages/mantaray/src/local/api-client.ts";

type Applications = Awaited<ReturnType<ApiClient["apps"]>>["applications"];
type Replica = Applications[string]["deployments"][string]["replicas"][number];

/** Whether no worker has two replicas of a deployment more than another. `isOn` tells the replicas of one worker. */
export const isSpread = (applications: Applications, isOn: readonly ((replica: Replica) => boolean)[]): boolean =>
  Object.values(applications)
    .flatMap((app) => Object.values(app.deployments))
    .every(({ replicas }) => {
      const counts = isOn.map((each) => replicas.filter(each).length);
      return Math.max(...counts) - Math.min(...counts) < 2;
    });
