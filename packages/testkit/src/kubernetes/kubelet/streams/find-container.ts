import { ApiError } from "../../api/api-error.ts";
import type { ContainerRunner } from "../pods/container-runner.ts";
import type { PodWorker } from "../pods/pod-worker.ts";
import type { Pod } from "../types.ts";

/** The container that a request means, by the API's rules. Throws `ApiError` BadRequest where it is none or too many, or waits. */
export const findContainer = (pod: Pod, worker: PodWorker | undefined, name: string | null): ContainerRunner => {
  const { containers, initContainers = [] } = pod.spec;
  const all = [...containers, ...initContainers].map((container) => container.name);
  const podName = pod.metadata.name;
  if (name !== null && !all.includes(name))
    throw new ApiError("BadRequest", `container ${name} is not valid for pod ${podName}`);
  if (pod.spec.nodeName === undefined) throw new ApiError("BadRequest", `pod ${podName} does not have a host assigned`);
  const wanted = name ?? onlyContainer(pod);
  const runner = worker?.runner(wanted);
  if (runner !== undefined) return runner;
  throw new ApiError(
    "BadRequest",
    `container ${JSON.stringify(wanted)} in pod ${JSON.stringify(podName)} is waiting to start: ContainerCreating`,
  );
};

const onlyContainer = (pod: Pod): string => {
  const { containers, initContainers = [] } = pod.spec;
  const [first] = containers;
  if (containers.length === 1 && first !== undefined) return first.name;
  const inits = initContainers.length === 0 ? "" : ` or one of the init containers: [${names(initContainers)}]`;
  throw new ApiError(
    "BadRequest",
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names(containers)}]${inits}`,
  );
};

const names = (containers: readonly { readonly name: string }[]): string =>
  containers.map(({ name }) => name).join(" ");
