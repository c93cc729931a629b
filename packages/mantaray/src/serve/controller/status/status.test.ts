import { describe, expect, it } from "vitest";
import type { DeploymentStatus, StatusTrigger } from "../../../protocol/serve-details.ts";
import { applicationStatus } from "./application-status.ts";
import { type DeploymentStatusEvent, type DeploymentStatusInfo, nextDeploymentStatus } from "./deployment-status.ts";

const events = [
  "HEALTHY",
  "CONFIG_UPDATE",
  "MANUAL_UP",
  "MANUAL_DOWN",
  "AUTOSCALE_UP",
  "AUTOSCALE_DOWN",
  "HEALTH_CHECK_FAILED",
  "STARTUP_FAILED",
  "INTERNAL_ERROR",
  "DELETE",
] as const satisfies readonly DeploymentStatusEvent[];

const started = "UPDATING/CONFIG_UPDATE_STARTED";
const internal = "UNHEALTHY/INTERNAL_ERROR";
const deleting = "UPDATING/DELETING";
const strike = "UNHEALTHY/HEALTH_CHECK_FAILED";
const startup = "UNHEALTHY/REPLICA_STARTUP_FAILED";
const failedStrike = "DEPLOY_FAILED/HEALTH_CHECK_FAILED";
const failedStart = "DEPLOY_FAILED/REPLICA_STARTUP_FAILED";
const upByHand = "UPSCALING/CONFIG_UPDATE_STARTED";
const downByHand = "DOWNSCALING/CONFIG_UPDATE_STARTED";
const upByLoad = "UPSCALING/AUTOSCALING";
const downByLoad = "DOWNSCALING/AUTOSCALING";

/** Every cell of the table; "=" leaves the status as it is. Columns in the order of `events`. */
const table: Record<string, readonly string[]> = {
  [started]: [
    "HEALTHY/CONFIG_UPDATE_COMPLETED",
    started,
    "=",
    "=",
    upByLoad,
    downByLoad,
    failedStrike,
    failedStart,
    internal,
    deleting,
  ],
  [upByHand]: [
    "HEALTHY/UPSCALE_COMPLETED",
    started,
    upByHand,
    downByHand,
    "=",
    "=",
    strike,
    startup,
    internal,
    deleting,
  ],
  [upByLoad]: [
    "HEALTHY/UPSCALE_COMPLETED",
    started,
    upByHand,
    downByHand,
    upByLoad,
    downByLoad,
    strike,
    startup,
    internal,
    deleting,
  ],
  [downByHand]: [
    "HEALTHY/DOWNSCALE_COMPLETED",
    started,
    upByHand,
    downByHand,
    "=",
    "=",
    strike,
    startup,
    internal,
    deleting,
  ],
  [downByLoad]: [
    "HEALTHY/DOWNSCALE_COMPLETED",
    started,
    upByHand,
    downByHand,
    upByLoad,
    downByLoad,
    strike,
    startup,
    internal,
    deleting,
  ],
  "HEALTHY/CONFIG_UPDATE_COMPLETED": [
    "=",
    started,
    upByHand,
    downByHand,
    upByLoad,
    downByLoad,
    strike,
    "=",
    internal,
    deleting,
  ],
  [strike]: ["HEALTHY/UNSPECIFIED", started, "=", "=", "=", "=", strike, startup, internal, deleting],
  [failedStart]: ["HEALTHY/UNSPECIFIED", started, "=", "=", "=", "=", failedStrike, failedStart, internal, deleting],
};

const parse = (text: string): DeploymentStatusInfo => {
  const [status, trigger] = text.split("/") as [DeploymentStatus, StatusTrigger];
  return { status, trigger, message: "before" };
};

describe("status of a deployment", () => {
  const cells = Object.entries(table).flatMap(([from, row]) =>
    row.map((to, index) => [from, events[index] as DeploymentStatusEvent, to] as const),
  );
  it.each(cells)("%s on %s becomes %s", (from, event, to) => {
    const next = nextDeploymentStatus(parse(from), event, "after");
    expect(next).toEqual(to === "=" ? parse(from) : { ...parse(to), message: "after" });
  });

  it("has a row for every status and a cell for every event", () => {
    expect(cells).toHaveLength(8 * events.length);
    expect(new Set(Object.keys(table).map((key) => key.split("/")[0])).size).toBe(6);
  });
});

const statusOf = (...states: string[]): string => {
  const deployments = new Map(states.map((state, index) => [`D${index}`, parse(state)]));
  const { status, message } = applicationStatus({ deleting: false, build: { state: "done" }, deployments });
  return message === "" ? status : `${status}: ${message}`;
};

describe("status of an application", () => {
  const fine = "HEALTHY/UPSCALE_COMPLETED";

  it.each<[string[], string]>([
    [[], "RUNNING"],
    [[fine, fine], "RUNNING"],
    [[fine, upByLoad], "RUNNING"],
    [[fine, upByHand], "DEPLOYING"],
    [[fine, downByHand], "DEPLOYING"],
    [[fine, started], "DEPLOYING"],
    [[started, strike], "UNHEALTHY: The deployments ['D1'] are UNHEALTHY."],
    [[failedStart, strike, failedStrike], "DEPLOY_FAILED: Failed to update the deployments ['D0', 'D2']."],
  ])("%j is %s", (states, expected) => {
    expect(statusOf(...states)).toBe(expected);
  });

  it("is that of the build while there is nothing newer", () => {
    const deployments = new Map([["D", parse(fine)]]);
    const facts = { deleting: false, deployments };
    expect(applicationStatus({ ...facts, build: { state: "pending" } }).status).toBe("DEPLOYING");
    expect(applicationStatus({ ...facts, build: { state: "failed", message: "no" } })).toEqual({
      status: "DEPLOY_FAILED",
      message: "no",
    });
    expect(applicationStatus({ ...facts, deleting: true, build: { state: "done" } }).status).toBe("DELETING");
  });
});
