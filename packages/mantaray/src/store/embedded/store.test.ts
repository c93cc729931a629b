import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../base/fake-clock.ts";
import { silentLog } from "../../base/log.ts";
import { describeControlStore } from "../conformance.ts";
import { openEmbeddedStore } from "./store.ts";

for (const [name, logBytesMax] of [
  ["embedded", undefined],
  // Every batch or two is folded into a snapshot.
  ["embedded, always folding", 1_000],
] as const) {
  describeControlStore(name, async () => {
    const clock = new FakeClock();
    const directory = await mkdtemp(join(tmpdir(), "manta-store-"));
    return {
      open: () =>
        openEmbeddedStore({ directory, clock, log: silentLog, ...(logBytesMax === undefined ? {} : { logBytesMax }) }),
      advance: (byMs) => clock.advance(byMs),
      wallMs: () => clock.wallMs(),
      destroy: () => rm(directory, { recursive: true, force: true }),
    };
  });
}
