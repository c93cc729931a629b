import type { Log } from "../../base/log.ts";
import { installPublicApi } from "../api/public-api-hooks.ts";
import { installWebGlobals } from "./http/web-globals.ts";

/** Makes the process one that can host an application's code. Called once, before that code is loaded. */
export const prepareProcess = (log: Log, envVars: Readonly<Record<string, string>>): void => {
  Object.assign(process.env, envVars);
  // Stacks of errors then name the lines of the source, not of the bundle.
  process.setSourceMapsEnabled(true);
  installPublicApi();
  installWebGlobals();
  // A promise that a handler forgot is no reason to take the other requests down with it.
  process.on("unhandledRejection", (reason) => {
    log.error({ err: reason }, "a promise of the application was rejected and nobody looked");
  });
};
