import { z } from "zod";
import { deploymentSchema } from "./deployment-schema.ts";
import { isImportPath } from "./import-path.ts";
import { configLimits } from "./limits.ts";
import { loggingConfigSchema } from "./option-schemas.ts";
import { closedObject, flag, jsonMap, nonEmptyText, notYet } from "./rules.ts";
import { appRuntimeEnvSchema } from "./runtime-env-schema.ts";

const routePrefixText = 'must be null, "/" or begin with "/", without "/" at the end, "{" or "}"';

const routePrefixSchema = z
  .string({ error: routePrefixText })
  .refine((prefix) => prefix === "/" || (prefix.startsWith("/") && !prefix.endsWith("/") && !/[{}]/.test(prefix)), {
    error: routePrefixText,
  });

const importPathText = 'must look like "module:export" or "module.export"';

/** A field of the single-application form that the reference refuses in this one. */
const singleAppOnly = (name: string): z.ZodOptional<z.ZodCustom<undefined>> =>
  z
    .custom<undefined>((value) => value === undefined, {
      error: `belongs in http_options.${name}: it cannot be set for one application`,
    })
    .optional();

/** One entry of `applications` (reference section 1.2). Unset stays unset; `appName` and `appRoute` give the defaults. */
export const applicationSchema = closedObject({
  name: nonEmptyText.refine((name) => !name.includes("#"), { error: 'must not contain "#"' }).optional(),
  route_prefix: routePrefixSchema.nullish(),
  import_path: z.string({ error: importPathText }).refine(isImportPath, { error: importPathText }),
  runtime_env: appRuntimeEnvSchema.nullish(),
  host: singleAppOnly("host"),
  port: singleAppOnly("port"),
  deployments: z
    .array(deploymentSchema, { error: "must be a list" })
    .max(configLimits.deploymentsPerApplicationMax, {
      error: `must have at most ${configLimits.deploymentsPerApplicationMax} entries`,
    })
    .optional(),
  autoscaling_policy: notYet("an autoscaling policy of an application"),
  args: jsonMap.optional(),
  logging_config: loggingConfigSchema.nullish(),
  external_scaler_enabled: flag.optional(),
}).superRefine((app, context) => {
  const seen = new Set<string>();
  for (const [index, deployment] of (app.deployments ?? []).entries()) {
    if (seen.has(deployment.name)) {
      context.addIssue({
        code: "custom",
        path: ["deployments", index, "name"],
        message: "must be unique in its application",
        input: deployment.name,
      });
    }
    seen.add(deployment.name);
    const scalesItself = deployment.num_replicas === "auto" || (deployment.autoscaling_config ?? null) !== null;
    if (app.external_scaler_enabled === true && scalesItself) {
      context.addIssue({
        code: "custom",
        path: ["deployments", index, "autoscaling_config"],
        message: "must be unset where external_scaler_enabled is true",
        input: deployment.autoscaling_config ?? deployment.num_replicas,
      });
    }
  }
});
export type ApplicationConfig = z.infer<typeof applicationSchema>;

/** Name of an application: `default` when unset. */
export const appName = (app: ApplicationConfig): string => app.name ?? "default";

/** Route of an application: `/` when unset; null for one without HTTP. */
export const appRoute = (app: ApplicationConfig): string | null =>
  app.route_prefix === undefined ? "/" : app.route_prefix;
