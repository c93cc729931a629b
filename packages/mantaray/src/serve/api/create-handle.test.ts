import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createHandle, functionCallName, type HandleInvoke } from "./create-handle.ts";

class Stand {
  checkPrice(amount: number): number {
    return amount;
  }
}

const recorder = (): { calls: unknown[]; invoke: HandleInvoke } => {
  const calls: unknown[] = [];
  const invoke: HandleInvoke = (address, method, args, options) => {
    calls.push([address.deployment, method, args, options]);
    return Promise.resolve(7) as never;
  };
  return { calls, invoke };
};

const address = { app: "fruit", deployment: "Pear", callable: false };

describe("a handle", () => {
  it("sends a method call with its options", async () => {
    const { calls, invoke } = recorder();
    const handle = createHandle<Stand>(address, invoke);
    expect(await handle.checkPrice(2)).toBe(7);
    await handle.options({ timeoutMs: 5 }).options({ multiplexedModelId: "m" }).checkPrice(3);
    expect(calls).toEqual([
      ["Pear", "checkPrice", [2], {}],
      ["Pear", "checkPrice", [3], { timeoutMs: 5, multiplexedModelId: "m" }],
    ]);
  });

  it("does not pass for a promise, and survives being awaited, printed and serialised", async () => {
    const { calls, invoke } = recorder();
    const handle = createHandle<Stand>(address, invoke);
    expect((handle as unknown as Record<string, unknown>)["then"]).toBeUndefined();
    expect(await Promise.resolve(handle)).toBe(handle);
    expect(JSON.stringify({ handle })).toBe('{"handle":{"app":"fruit","deployment":"Pear"}}');
    expect(inspect(handle)).toBe("Handle(fruit#Pear)");
    expect(Object.prototype.toString.call(handle)).toBe("[object Handle]");
    expect({ handle }).toEqual({ handle });
    expect(Object.keys(handle)).toEqual([]);
    expect(calls).toEqual([]);
  });

  it("gives the same function for the same method, and none for a private name", () => {
    const { invoke } = recorder();
    const handle = createHandle<Stand>(address, invoke);
    expect(handle.checkPrice).toBe(handle.checkPrice);
    expect((handle as unknown as Record<string, unknown>)["_hidden"]).toBeUndefined();
  });

  it("of a function is called itself", async () => {
    const { calls, invoke } = recorder();
    const handle = createHandle<(name: string) => string>({ ...address, callable: true }, invoke);
    expect(await handle("x")).toBe(7);
    expect(calls).toEqual([["Pear", functionCallName, ["x"], {}]]);
    expect(JSON.stringify([handle])).toBe('[{"app":"fruit","deployment":"Pear"}]');
    expect(inspect(handle)).toBe("Handle(fruit#Pear)");
  });
});
