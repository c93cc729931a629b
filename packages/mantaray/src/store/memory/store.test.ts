import { FakeClock } from "../../base/fake-clock.ts";
import { describeControlStore } from "../conformance.ts";
import { MemoryDisk, openMemoryStore } from "./store.ts";

describeControlStore("memory", async () => {
  const clock = new FakeClock();
  const disk = new MemoryDisk();
  return {
    open: () => openMemoryStore({ clock, disk }),
    advance: (byMs) => clock.advance(byMs),
    wallMs: () => clock.wallMs(),
    destroy: async () => {},
  };
});
