import { describe, expect, test } from "vitest";
import { allows, covers } from "./policy-rule.ts";

const user = { username: "somebody", groups: [] };
const ask = (verb: string, resource: string, subresource?: string, name?: string) =>
  ({ user, verb, group: "", resource, subresource, namespace: "ns", name }) as const;

describe("policy rules", () => {
  test("resources, subresources and names", () => {
    const rule = { apiGroups: [""], resources: ["pods", "*/status"], verbs: ["get"] };
    expect(allows(rule, ask("get", "pods"))).toBe(true);
    expect(allows(rule, ask("get", "pods", "log"))).toBe(false);
    expect(allows(rule, ask("get", "services", "status"))).toBe(true);
    expect(allows(rule, ask("list", "pods"))).toBe(false);
    const named = { ...rule, resourceNames: ["a"] };
    expect(allows(named, ask("get", "pods", undefined, "a"))).toBe(true);
    expect(allows(named, ask("get", "pods"))).toBe(false);
  });

  test("paths, with a star at their end", () => {
    const rule = { nonResourceURLs: ["/apis/*"], verbs: ["get"] };
    expect(allows(rule, { user, verb: "get", path: "/apis/apps" })).toBe(true);
    expect(allows(rule, { user, verb: "get", path: "/metrics" })).toBe(false);
  });

  test("what is granted has to be held, by one rule or by several", () => {
    const held = [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: [""], resources: ["services"], verbs: ["*"] },
    ];
    expect(covers(held, { apiGroups: [""], resources: ["pods", "services"], verbs: ["get"] })).toBe(true);
    expect(covers(held, { apiGroups: [""], resources: ["pods"], verbs: ["delete"] })).toBe(false);
    expect(covers(held, { apiGroups: ["*"], resources: ["pods"], verbs: ["get"] })).toBe(false);
  });
});
