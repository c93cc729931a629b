import { z } from "zod";
import { applicationSchema, appName, appRoute } from "./application-schema.ts";
import { configLimits } from "./limits.ts";
import { grpcOptionsSchema, httpOptionsSchema, loggingConfigSchema } from "./option-schemas.ts";
import { closedObject, notYet, numberBetween, oneOf } from "./rules.ts";

/** Where proxies run. `NoServer` is an old spelling of `Disabled`. */
export const proxyLocationSchema = oneOf(["Disabled", "HeadOnly", "EveryNode", "NoServer"]);
export type ProxyLocation = "Disabled" | "HeadOnly" | "EveryNode";

/**
 * `serveConfigV2`, the body of `PUT /api/serve/applications/`, and the file of `serve deploy`: one model
 * (reference section 1.1). Unset stays unset, so that what was submitted can be shown as it was.
 * Unlike the reference we refuse unknown keys at the top level too: a typing error must not pass silently.
 */
export const deploySchema = closedObject({
  proxy_location: proxyLocationSchema.optional(),
  http_options: httpOptionsSchema.nullish(),
  grpc_options: grpcOptionsSchema.nullish(),
  controller_options: notYet("controller_options"),
  logging_config: loggingConfigSchema.nullish(),
  tracing_config: notYet("tracing_config"),
  applications: z
    .array(applicationSchema, { error: "must be a list of applications" })
    .max(configLimits.applicationsMax, { error: `must have at most ${configLimits.applicationsMax} entries` }),
  target_capacity: numberBetween(0, 100).nullish(),
}).superRefine((config, context) => {
  const names = new Set<string>();
  const routes = new Map<string, string>();
  for (const [index, app] of config.applications.entries()) {
    const name = appName(app);
    if (names.has(name)) {
      context.addIssue({
        code: "custom",
        path: ["applications", index, "name"],
        message: "must be unique",
        input: name,
      });
    }
    names.add(name);
    const route = appRoute(app);
    const owner = route === null ? undefined : routes.get(route);
    if (owner !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["applications", index, "route_prefix"],
        message: `must be unique: application ${JSON.stringify(owner)} has the same`,
        input: route,
      });
    }
    if (route !== null && owner === undefined) routes.set(route, name);
  }
});
export type DeployConfig = z.infer<typeof deploySchema>;

/** Where proxies run: every node when unset. */
export const proxyLocation = (config: DeployConfig): ProxyLocation => {
  const given = config.proxy_location ?? "EveryNode";
  return given === "NoServer" ? "Disabled" : given;
};
