import { describe, expect, it } from "vitest";
import { type ResetCode, resetCodes } from "../../rpc/types.ts";
import { type BrokenAttempt, decideRetry } from "./retry.ts";

const { linkLost, refused, draining, canceled, internal, tooLarge, protocolError, deadlineExceeded } = resetCodes;

const attempt = (changes: Partial<BrokenAttempt>): BrokenAttempt => ({
  code: linkLost,
  accepted: false,
  responded: false,
  repeatable: false,
  replayable: true,
  executions: 0,
  executionsMax: 3,
  ...changes,
});

describe("what becomes of a request whose stream ended early", () => {
  it("is sent again, any method, when it was not accepted", () => {
    expect(decideRetry(attempt({}))).toBe("resend");
    expect(decideRetry(attempt({ code: refused }))).toBe("resend");
    expect(decideRetry(attempt({ code: draining, repeatable: true }))).toBe("resend");
  });

  it("is lost when it was accepted and must not run twice", () => {
    expect(decideRetry(attempt({ accepted: true, executions: 1 }))).toBe("lost");
    expect(decideRetry(attempt({ accepted: true, code: canceled }))).toBe("lost");
  });

  it("is sent again within the budget when it is repeatable, accepted or nobody knows", () => {
    expect(decideRetry(attempt({ accepted: true, repeatable: true, executions: 1 }))).toBe("resend-within-budget");
    expect(decideRetry(attempt({ repeatable: true, executions: 1 }))).toBe("resend-within-budget");
  });

  it("is lost when it has taken too many replicas with it", () => {
    expect(decideRetry(attempt({ accepted: true, repeatable: true, executions: 3 }))).toBe("lost");
  });

  it("is lost when its body is gone", () => {
    expect(decideRetry(attempt({ replayable: false }))).toBe("lost");
    expect(decideRetry(attempt({ repeatable: true, replayable: false, executions: 1 }))).toBe("lost");
  });

  it("is cut after the first byte of the answer, whatever the reason", () => {
    for (const code of Object.values(resetCodes) as ResetCode[]) {
      expect(decideRetry(attempt({ code, responded: true, accepted: true, repeatable: true }))).toBe("cut");
    }
  });

  it.each([internal, tooLarge, protocolError, deadlineExceeded])(
    "fails where another try cannot help (code %s)",
    (code) => {
      expect(decideRetry(attempt({ code, repeatable: true }))).toBe("fail");
    },
  );
});
