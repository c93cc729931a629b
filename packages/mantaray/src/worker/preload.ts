import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { workerLimits } from "./limits.ts";

/** The kinds of actor that workers become, the likely ones first. */
const everywhere = ["serve-replica", "serve-proxy", "user-actor"] as const;

/** There is only one controller; where it may be, nothing of a failover should take longer than it has to. */
const onHeads = ["serve-controller", ...everywhere] as const;

/** Imports, while the worker idles, what it will probably need, so that hosting an actor costs only its own start. */
export const preloadActorModules = (options: { log: Log; mayControl: boolean; wanted: () => boolean }): void => {
  const preload = async (): Promise<void> => {
    const { loadActorModule } = await import("./actor-host.ts");
    for (const name of options.mayControl ? onHeads : everywhere) {
      if (!options.wanted()) return;
      try {
        await loadActorModule(name);
      } catch (error) {
        // The same error meets whoever really needs the module.
        options.log.debug({ err: error, module: name }, "cannot preload an actor module");
      }
    }
  };
  systemClock.after(workerLimits.preloadDelayMs, () => void preload(), { unref: true });
};
