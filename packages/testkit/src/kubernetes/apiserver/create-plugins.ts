import { basicPlugins } from "./basic-plugins.ts";
import type { Clock } from "./clock.ts";
import { createCustomResources } from "./crd/custom-resources.ts";
import type { Plugins } from "./plugins.ts";

/** All that plugs into the server. */
export const createPlugins = (clock: Clock): Plugins => ({
  ...basicPlugins,
  customResources: createCustomResources({ clock }),
});
