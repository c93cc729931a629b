import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { waitFor } from "mantaray/testing";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../fixtures/kubernetes/one-pod.ts", import.meta.url));

/** Processes of this machine that have the text among their arguments. */
const processesWith = (text: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(text);
    } catch {
      return false;
    }
  });

it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("the pods of a cluster end with its process: %s", async (signal) => {
  const seconds = String(randomInt(1_000_000, 9_000_000));
  const child = spawn(process.execPath, ["--conditions=source", program, seconds], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [kubeconfig] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  expect(processesWith(seconds).length).toBeGreaterThan(1);
  child.kill(signal);
  const [, endedBy] = (await once(child, "close")) as [number | null, string | null];
  expect(endedBy).toBe(signal);
  await waitFor(() => processesWith(seconds).length === 0, { timeoutMs: 5_000, what: "the pod's processes gone" });
  // After SIGKILL nobody is left to remove it: the next cluster does.
  expect(existsSync(dirname(kubeconfig))).toBe(signal === "SIGKILL");
});
