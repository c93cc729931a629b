import { z } from "zod";
import { closedObject, flag, notYet } from "./rules.ts";

const envVars = z.record(
  z.string().regex(/^[^=\0]+$/, { error: 'must be names without "="' }),
  z.string({ error: "must be a text" }),
  { error: "must be a map of texts by variable name" },
);

const workingDirText = "must be a folder on the head, as a path or a file:// address: remote archives are not fetched";

const workingDir = z
  .string({ error: workingDirText })
  .refine((value) => value !== "" && (value.startsWith("file://") || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)), {
    error: workingDirText,
  });

const shape = {
  env_vars: envVars.optional(),
  py_modules: notYet("py_modules"),
  pip: notYet("pip"),
  uv: notYet("uv"),
  conda: notYet("conda"),
  container: notYet("a container image"),
  image_uri: notYet("a container image"),
  java_jars: notYet("java_jars"),
  config: notYet("config of a runtime_env"),
  eager_install: flag.optional(),
} as const;

/** `runtime_env` of an application: variables of its processes, and the folder its code is looked up in first. */
export const appRuntimeEnvSchema = closedObject({ ...shape, working_dir: workingDir.optional() });

/** `runtime_env` of a deployment. Its code is the application's, so it has no folder of its own. */
export const deploymentRuntimeEnvSchema = closedObject({
  ...shape,
  working_dir: notYet("working_dir of a single deployment"),
});
