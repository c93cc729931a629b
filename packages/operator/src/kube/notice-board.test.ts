import { expect, it } from "vitest";
import type { EventText } from "./event-text.ts";
import { NoticeBoard } from "./notice-board.ts";

const subject = { apiVersion: "ray.io/v1", kind: "RayCluster", namespace: "n", name: "a", uid: "u" };

it("tells once a generation what has no effect", () => {
  const told: EventText[] = [];
  const board = new NoticeBoard({ record: (_subject, text) => void told.push(text) });
  const tell = (generation: number, notices: readonly string[]): void => board.tell(subject, generation, notices);
  tell(1, []);
  tell(1, ["spec.a: without effect"]);
  tell(1, ["spec.a: without effect"]);
  tell(2, ["spec.a: without effect", "spec.b: without effect"]);
  expect(told.map(({ reason, note }) => [reason, note])).toEqual([
    ["FieldWithoutEffect", "spec.a: without effect"],
    ["FieldWithoutEffect", "spec.a: without effect; spec.b: without effect"],
  ]);
});
