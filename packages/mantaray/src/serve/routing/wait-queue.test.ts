import fc from "fast-check";
import { expect, it } from "vitest";
import { type Waiting, WaitQueue } from "./wait-queue.ts";

class Item implements Waiting<Item> {
  waitPrevious: Item | undefined = undefined;
  waitNext: Item | undefined = undefined;
  waitsIn: WaitQueue<never> | undefined = undefined;
}

it("behaves as a list under any sequence of operations", () => {
  const operation = fc.oneof(
    fc.constant("push" as const),
    fc.constant("pushFront" as const),
    fc.constant("shift" as const),
    fc.nat(20),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const queue = new WaitQueue<Item>();
      const model: Item[] = [];
      for (const step of operations) {
        if (step === "push" || step === "pushFront") {
          const item = new Item();
          queue[step](item);
          if (step === "push") model.push(item);
          else model.unshift(item);
        } else if (step === "shift") {
          expect(queue.shift()).toBe(model.shift());
        } else {
          const [item] = model.splice(step, 1);
          if (item !== undefined) expect(queue.remove(item)).toBe(true);
        }
        expect(queue.size).toBe(model.length);
        expect(queue.head).toBe(model[0]);
      }
      for (const item of model) expect(queue.shift()).toBe(item);
      expect(queue.remove(new Item())).toBe(false);
    }),
  );
});
