import { describe, expect, it } from "vitest";
import { callMethod, type UserObject } from "./user-methods.ts";

class Base {
  inherited(): string {
    return "inherited";
  }
}

class Subject extends Base {
  readonly own = (): string => "own";
  readonly value = 7;
  got = 0;
  get touchy(): () => void {
    this.got += 1;
    return () => undefined;
  }
  add(one: number, other: number): number {
    return one + other;
  }
  _hidden(): void {}
  setup(): void {}
}

const subject = (): UserObject => new Subject() as unknown as UserObject;

describe("callMethod", () => {
  it("calls methods of the class, of its bases and of the object", () => {
    expect(callMethod(subject(), "add", [1, 2])).toBe(3);
    expect(callMethod(subject(), "inherited", [])).toBe("inherited");
    expect(callMethod(subject(), "own", [])).toBe("own");
  });

  it.each(["constructor", "_hidden", "setup", "toString", "__proto__", "hasOwnProperty", "value", "missing", ""])(
    "refuses %j",
    (name) => {
      expect(() => callMethod(subject(), name, [])).toThrow(/has no public method/);
    },
  );

  it("runs no getter to find a method", () => {
    const object = subject();
    expect(() => callMethod(object, "touchy", [])).toThrow(/has no public method "touchy"/);
    expect(object.got).toBe(0);
  });
});
