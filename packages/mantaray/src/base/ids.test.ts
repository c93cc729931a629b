import { expect, it } from "vitest";
import { newActorId, newNodeId, newReplicaSuffix, parseActorId, parseNodeId, serveJobId } from "./ids.ts";

it("makes ids in the reference's formats", () => {
  expect(parseNodeId(newNodeId())).toHaveLength(56);
  expect(parseActorId(newActorId())).toMatch(new RegExp(`^[0-9a-f]{24}${serveJobId}$`));
  expect(newReplicaSuffix()).toMatch(/^[a-z0-9]{8}$/);
});

it("refuses other text, with the rule", () => {
  expect(() => parseNodeId("ABC")).toThrow('NodeId must be 56 lower-case hex digits, got "ABC"');
});
