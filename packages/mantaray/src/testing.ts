/** Package entry "mantaray/testing": a real cluster on this machine for the tests of an application. */
export { FakeClock } from "./base/fake-clock.ts";
export { waitFor } from "./base/wait.ts";
export {
  ApiClient,
  type AppsView,
  createPlan,
  LocalCluster,
  type LocalClusterOptions,
  type LocalNode,
  type LocalPlan,
  plainNode,
  type ReplicaView,
} from "./local/index.ts";
