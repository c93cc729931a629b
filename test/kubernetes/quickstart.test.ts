import { beforeAll, describe, expect, it } from "vitest";
import { failuresOf } from "./open-load.ts";
import { pageCommands } from "./page-commands.ts";
import { page, type QuickstartResult, runQuickstart } from "./quickstart/run-quickstart.ts";

/** Half a minute of work, on a machine that may do other things besides. */
const timeoutMs = 480_000;
const { MANTA_TEST_KUBECONFIG: kubeconfig } = process.env;
/** A cluster elsewhere has its Services elsewhere. */
const loadPerSecond = kubeconfig === undefined ? 300 : 0;

describe("the quickstart on Kubernetes", () => {
  let result: QuickstartResult;
  const said: string[] = [];
  const say = (line: string): unknown => said.push(line);
  beforeAll(async () => {
    result = await runQuickstart({ kubeconfig, loadPerSecond, say }).catch((error: unknown) => {
      throw new Error([...said, String(error)].join("\n"), { cause: error });
    });
  }, timeoutMs);
  const outputOf = (beginning: string): string =>
    result.commands.find(({ command }) => command.startsWith(beginning))?.output ?? "";

  it("runs every command of the page", () => {
    const commands = pageCommands(page, "quickstart").map(({ text }) => text);
    expect(commands.length).toBeGreaterThan(10);
    expect(result.commands.map(({ command }) => command)).toEqual(commands);
  });

  it("describes a RayService that is Ready as the page does", () => {
    expect(outputOf("kubectl describe rayservices.ray.io")).toMatch(
      /Message: +Number of serve endpoints is greater than 0\n +Observed Generation: +1\n +Reason: +NonZeroServeEndpoints\n +Status: +True\n +Type: +Ready\n/,
    );
  });

  it("has three endpoints: the head and two workers", () => {
    expect(outputOf("kubectl describe svc")).toMatch(/^Endpoints: +([\d.]+:8000,){2}[\d.]+:8000$/m);
  });

  it("has proxies on every node and two replicas of each deployment", () => {
    const summary = outputOf("kubectl exec $HEAD_POD -- ray summary actors");
    expect(summary).toMatch(/HTTPProxyActor +ALIVE: 3/);
    for (const stand of ["MangoStand", "OrangeStand", "PearStand", "FruitMarket"])
      expect(summary).toMatch(new RegExp(`ServeReplica:${stand} +ALIVE: 2`));
  });

  it("answers every request of the query pod while the head's pod is replaced", () => {
    expect(result.requests).toBeGreaterThan(400);
    expect({ failures: result.failures, complaints: result.complaints }).toEqual({ failures: 0, complaints: [] });
  });

  it.skipIf(loadPerSecond === 0)("answers every request of a load of 300/s meanwhile", () => {
    const { load } = result;
    if (load === undefined) throw new Error("there was no load");
    expect(load.sent).toBeGreaterThan(loadPerSecond);
    expect({ ...load, failures: failuresOf(load) }).toMatchObject({ failures: 0, refused: 0 });
  });
});
