import { expect, test } from "vitest";
import { expand } from "./expand.ts";

test("a known name is replaced, an unknown one stays, two dollars are one", () => {
  const env = { HOST: "redis", PORT: "6379" };
  expect(expand("$(HOST):$(PORT)", env)).toBe("redis:6379");
  expect(expand("$(NOBODY) $HOST", env)).toBe("$(NOBODY) $HOST");
  expect(expand("$$(HOST) $$$(HOST)", env)).toBe("$(HOST) $redis");
});
