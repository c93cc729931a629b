import { describe, expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

const spendAll = (budget: RetryBudget): number => {
  let spent = 0;
  while (budget.trySpend()) spent += 1;
  return spent;
};

describe("retry budget", () => {
  it("has its floor without any traffic", () => {
    expect(spendAll(new RetryBudget({ perSecondMin: 10, windowSeconds: 10 }))).toBe(100);
  });

  it("is a share of the traffic when that is more", () => {
    const budget = new RetryBudget({ share: 0.2, perSecondMin: 1, windowSeconds: 10 });
    for (let request = 0; request < 1_000; request += 1) budget.onRequest();
    expect(spendAll(budget)).toBe(200);
  });

  it("forgets both traffic and retries after the window", () => {
    const budget = new RetryBudget({ share: 0.5, perSecondMin: 1, windowSeconds: 3 });
    for (let request = 0; request < 100; request += 1) budget.onRequest();
    expect(spendAll(budget)).toBe(50);
    budget.tick();
    budget.tick();
    expect(spendAll(budget)).toBe(0);
    budget.tick();
    expect(spendAll(budget)).toBe(3);
  });
});
