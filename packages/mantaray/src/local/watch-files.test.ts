import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import { waitFor } from "../base/wait.ts";
import { watchFiles } from "./watch-files.ts";

it("tells of a changed source though files beside it change all the time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "manta-watch-"));
  mkdirSync(join(folder, "temp"));
  const changed: string[] = [];
  const watch = { folders: [folder], outside: join(folder, "temp"), clock: systemClock };
  const unwatch = watchFiles(watch, (file) => changed.push(file));
  let count = 0;
  const busy = setInterval(() => {
    count += 1;
    writeFileSync(join(folder, "app.log"), `${count}`);
    writeFileSync(join(folder, "temp/routing.json"), `${count}`);
  }, 20);
  try {
    await waitFor(() => count > 10, { timeoutMs: 5_000, what: "other changes" });
    expect(changed).toEqual([]);
    writeFileSync(join(folder, "app.ts"), "export const app = 1;");
    await waitFor(() => changed.length > 0, { timeoutMs: 5_000, what: "the change" });
    expect(new Set(changed)).toEqual(new Set(["app.ts"]));
  } finally {
    clearInterval(busy);
    unwatch();
    rmSync(folder, { recursive: true, force: true });
  }
});
