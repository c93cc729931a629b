import { describe, expect, expectTypeOf, it } from "vitest";
import { MantaError } from "../../base/errors.ts";
import type { Application } from "./application.ts";
import { deployment } from "./deployment.ts";
import type { DeploymentResponse, DeploymentResponseStream, Handle } from "./handle.ts";

class Stand {
  price = 1;
  #secret = 0;
  reconfigure({ price }: { price: number }): void {
    this.price = price + this.#secret;
  }
  checkPrice(amount: number): number {
    return this.price * amount;
  }
  async label(): Promise<string> {
    return "stand";
  }
  async *prices(): AsyncGenerator<number> {
    yield this.price;
  }
  _internal(): void {}
}

class Market {
  readonly stands: Record<string, Handle<Stand>>;
  readonly title: string;
  constructor(stands: Record<string, Handle<Stand>>, title: string) {
    this.stands = stands;
    this.title = title;
  }
  fetch(request: Request): Response {
    return new Response(request.url);
  }
}

const greet = (name: string): string => `hello ${name}`;

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof MantaError ? `${error.code}: ${error.rawMessage}` : String(error);
  }
  return "no error";
};

describe("deployment()", () => {
  it("takes its name from the class, the function or the object's class", () => {
    class App {
      fetch(): Response {
        return new Response();
      }
    }
    expect(deployment(Stand).name).toBe("Stand");
    expect(deployment(function hello() {}).name).toBe("hello");
    expect(deployment(new App()).name).toBe("App");
    expect(deployment({ fetch: () => new Response() }, { name: "api" }).name).toBe("api");
    expect(deployment(Stand, { name: "Pear" }).options({ numReplicas: 2 }).name).toBe("Pear");
  });

  it("tells classes from functions", () => {
    expect(deployment(Stand).target.kind).toBe("class");
    expect(deployment(async () => "x", { name: "f" }).target.kind).toBe("function");
    expect(deployment(async function* tokens() {}).target.kind).toBe("function");
    expect(deployment({ fetch: () => null }, { name: "o" }).target.kind).toBe("object");
  });

  it("gives the options in the reference's spelling, only those that were set", () => {
    const stand = deployment(Stand, {
      name: "Pear",
      numReplicas: 2,
      maxReplicasPerNode: 1,
      userConfig: { price: 3 },
      gracefulShutdownTimeoutS: 5,
      rayActorOptions: { numCpus: 0.1, runtimeEnv: { envVars: { A: "1" } } },
    });
    expect(stand.referenceOptions).toEqual({
      name: "Pear",
      num_replicas: 2,
      max_replicas_per_node: 1,
      user_config: { price: 3 },
      graceful_shutdown_timeout_s: 5,
      ray_actor_options: { num_cpus: 0.1, runtime_env: { env_vars: { A: "1" } } },
    });
    expect(stand.options({ numReplicas: 3 }).referenceOptions).toMatchObject({
      num_replicas: 3,
      user_config: { price: 3 },
    });
  });

  it.each([
    [{ numReplicas: 0 }, 'numReplicas must be a whole number of at least 1, or "auto", got 0'],
    [{ maxOngoingRequests: 1.5 }, "maxOngoingRequests must be a whole number of at least 1, got 1.5"],
    [{ maxQueuedRequests: 0 }, "maxQueuedRequests must be -1 (no limit) or a whole number of at least 1, got 0"],
    [{ healthCheckPeriodS: 0 }, "healthCheckPeriodS must be a number above 0, got 0"],
    [{ maxReplicasPerNode: 101 }, "maxReplicasPerNode must be a whole number from 1 to 100, got 101"],
    [{ rayActorOptions: { numCpus: -1 } }, "rayActorOptions.numCpus must be a number of at least 0, got -1"],
    [{ rayActorOptions: { cpus: 1 } }, "there is no option rayActorOptions.cpus (there are: numCpus"],
    [{ num_replicas: 1 }, "there is no option num_replicas (there are: name, numReplicas"],
    [{ userConfig: { made: new Date(0) } }, "userConfig must be JSON, got"],
    [{ numReplicas: 2, autoscalingConfig: {} }, 'numReplicas must be "auto" or left out'],
    [{ autoscalingConfig: { minReplicas: 3, maxReplicas: 2 } }, "minReplicas must be at most maxReplicas (2), got 3"],
    [{ name: "a#b" }, "name must be a string"],
  ])("refuses %j, naming option, value and rule", (options, message) => {
    const text = codeOf(() => deployment(Stand, options as never));
    expect(text).toContain("invalid_config: deployment(Stand): ");
    expect(text).toContain(message);
  });

  it("refuses what cannot be served", () => {
    expect(codeOf(() => deployment(5 as never))).toContain("invalid_argument: deployment()");
    expect(
      codeOf(() =>
        deployment(
          (
            () => () =>
              1
          )(),
        ),
      ),
    ).toContain("name must be given");
  });
});

describe("types", () => {
  const pear = deployment(Stand, { userConfig: { price: 4 } });

  it("binds an application where the constructor wants a handle", () => {
    expectTypeOf(pear.bind()).toEqualTypeOf<Application<Stand>>();
    const market = deployment(Market).bind({ PEAR: pear.bind() }, "fruit");
    expectTypeOf(market).toEqualTypeOf<Application<Market>>();
    // @ts-expect-error a market is no stand
    deployment(Market).bind({ PEAR: market }, "fruit");
    // @ts-expect-error the title is missing
    deployment(Market).bind({ PEAR: pear.bind() });
    // @ts-expect-error a number is no title
    deployment(Market).bind({ PEAR: pear.bind() }, 5);
    expect(market.args).toHaveLength(2);
  });

  it("knows the class's user config", () => {
    // @ts-expect-error price is a number
    expect(deployment(Stand, { userConfig: { price: "4" } }).name).toBe("Stand");
    // @ts-expect-error there is no such option
    expect(() => deployment(Stand, { replicas: 1 })).toThrow("replicas");
  });

  it("types calls by the class", () => {
    type StandHandle = Handle<Stand>;
    expectTypeOf<ReturnType<StandHandle["checkPrice"]>>().toEqualTypeOf<DeploymentResponse<number>>();
    expectTypeOf<ReturnType<StandHandle["label"]>>().toEqualTypeOf<DeploymentResponse<string>>();
    expectTypeOf<ReturnType<StandHandle["prices"]>>().toEqualTypeOf<DeploymentResponseStream<number>>();
    expectTypeOf<Parameters<StandHandle["checkPrice"]>>().toEqualTypeOf<[amount: number | PromiseLike<number>]>();
    expectTypeOf<StandHandle>().not.toHaveProperty("reconfigure");
    expectTypeOf<StandHandle>().not.toHaveProperty("_internal");
    expectTypeOf<StandHandle>().not.toHaveProperty("price");
    expectTypeOf<Handle<Market>>().not.toHaveProperty("fetch");
    expectTypeOf<ReturnType<StandHandle["options"]>>().toEqualTypeOf<StandHandle>();
  });

  it("types a function's handle as that function", () => {
    const app = deployment(greet).bind();
    expectTypeOf(app).toEqualTypeOf<Application<typeof greet>>();
    expectTypeOf<ReturnType<Handle<typeof greet>>>().toEqualTypeOf<DeploymentResponse<string>>();
    class Front {
      readonly greeter: Handle<(name: string) => string> | undefined;
      constructor(greeter?: Handle<(name: string) => string>) {
        this.greeter = greeter;
      }
    }
    expect(deployment(Front).bind(app).args).toEqual([app]);
    expect(deployment(Front).bind().args).toEqual([]);
  });
});
