import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type Waiting, WaitQueue } from "./wait-queue.ts";

class Item implements Waiting<Item> {
  waitPrevious: Item | undefined = undefined;
  waitNext: Item | undefined = undefined;
  waitsIn: WaitQueue<never> | undefined = undefined;
}

type Step = "push" | "pushFront" | "shift" | number;

/** Does one step to the queue and to a plain array; false when they answer differently. */
const sameAnswer = (queue: WaitQueue<Item>, model: Item[], step: Step): boolean => {
  if (step === "shift") return queue.shift() === model.shift();
  if (typeof step === "number") {
    const [item] = model.splice(step, 1);
    return item === undefined || queue.remove(item);
  }
  const item = new Item();
  queue[step](item);
  if (step === "push") model.push(item);
  else model.unshift(item);
  return true;
};

it("behaves as a list under any sequence of operations", () => {
  const steps = fc.array(fc.oneof(fc.constantFrom<Step>("push", "pushFront", "shift"), fc.nat(20)), { maxLength: 200 });
  const property = fc.property(steps, (list) => {
    const queue = new WaitQueue<Item>();
    const model: Item[] = [];
    const agrees = (step: Step): boolean =>
      sameAnswer(queue, model, step) && queue.size === model.length && queue.head === model[0];
    return list.every(agrees) && model.every((item) => queue.shift() === item);
  });
  expect(fc.check(property)).toMatchObject({ failed: false });
  expect(new WaitQueue<Item>().remove(new Item())).toBe(false);
});
