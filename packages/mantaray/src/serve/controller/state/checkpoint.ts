import { z } from "zod";
import { MantaError } from "../../../base/errors.ts";
import { routeSchema, routingDeploymentSchema, routingSnapshotSchema } from "../../../protocol/routing.ts";
import { deploymentStatusSchema, statusTriggerSchema } from "../../../protocol/serve-details.ts";
import type { ApplicationConfig, HttpOptions, LoggingConfig, ResolvedDeployment } from "../../config/index.ts";
import type { Custody, TargetState } from "./target-state.ts";

/** Where the target state is kept: namespace and keys of the control store (reference section 7). */
export const checkpointNamespace = "serve";
export const stateKey = "serve-application-state-checkpoint";
export const shutdownKey = "serve-shutdown-in-progress";
/** Bundles by the hash of their content. */
export const bundleNamespace = "bundles";

/** A value that an earlier controller checked before it wrote it. */
const checked = <T extends object>(): z.ZodCustom<T> =>
  z.custom<T>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

const revisionSchema = z.object({
  version: z.string(),
  settings: z.string(),
  code: z.object({
    bundleId: z.string(),
    exportName: z.string(),
    builderArgs: z.record(z.string(), z.unknown()),
  }),
  resolved: checked<ResolvedDeployment>(),
});

const deploymentTargetSchema = z.object({
  name: z.string(),
  target: revisionSchema,
  stable: revisionSchema.nullable(),
  failure: z.string().nullable(),
  replicasByHand: z.number().int().nullable(),
  deleting: z.boolean(),
  status: z.object({ status: deploymentStatusSchema, trigger: statusTriggerSchema, message: z.string() }),
});

const appTargetSchema = z.object({
  name: z.string(),
  source: z.enum(["declarative", "imperative"]),
  config: checked<ApplicationConfig>(),
  deployedAtMs: z.number(),
  generation: z.number().int(),
  build: z.discriminatedUnion("state", [
    z.object({ state: z.literal("pending") }),
    z.object({ state: z.literal("done") }),
    z.object({ state: z.literal("failed"), message: z.string() }),
  ]),
  graph: z
    .object({
      bundleId: z.string(),
      ingress: z.string(),
      outbound: z.array(z.tuple([z.string(), z.array(z.string())])),
    })
    .nullable(),
  routePrefix: z.string().nullable(),
  deployments: z.array(deploymentTargetSchema),
  deleting: z.boolean(),
});

const custodySchema = z.object({
  http: routingSnapshotSchema.shape.http.nullable(),
  apps: z.array(
    z.object({
      name: z.string(),
      routes: z.array(routeSchema),
      deployments: z.array(routingDeploymentSchema.omit({ replicas: true })),
    }),
  ),
  closed: z.boolean(),
});

const checkpointSchema = z.object({
  /** Raised when a newer layout cannot be read by an older controller. */
  format: z.literal(1),
  instance: z
    .object({
      proxyLocation: z.enum(["Disabled", "HeadOnly", "EveryNode"]),
      http: checked<HttpOptions>(),
      grpc: z.record(z.string(), z.unknown()),
      logging: checked<LoggingConfig & object>().nullable(),
    })
    .nullable(),
  targetCapacityPercent: z.number().nullable(),
  apps: z.array(appTargetSchema),
  custody: custodySchema.nullable().default(null),
});

/** The target state as bytes for the control store. Equal states give equal bytes. */
export const encodeCheckpoint = (state: TargetState): Uint8Array => {
  const value: z.input<typeof checkpointSchema> = {
    format: 1,
    instance: state.instance,
    targetCapacityPercent: state.targetCapacityPercent,
    apps: [...state.apps.values()].map((app) => ({
      ...app,
      graph:
        app.graph === null
          ? null
          : { ...app.graph, outbound: [...app.graph.outbound].map(([name, names]) => [name, [...names]]) },
      deployments: [...app.deployments.values()],
    })),
    custody:
      state.custody === null
        ? null
        : {
            http: state.custody.http,
            closed: state.custody.closed,
            apps: [...state.custody.apps.values()].map(({ name, routes, deployments }) => ({
              name,
              routes: [...routes],
              deployments: [...deployments.values()],
            })),
          },
  };
  return Buffer.from(JSON.stringify(value), "utf8");
};

/** The target state of a checkpoint. Throws `internal` when it is damaged: guessing would lose applications. */
export const decodeCheckpoint = (bytes: Uint8Array): TargetState => {
  const parsed = checkpointSchema.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  if (!parsed.success) {
    throw new MantaError("internal", `the checkpoint of Serve cannot be read: ${parsed.error.message}`);
  }
  const { instance, targetCapacityPercent, apps, custody } = parsed.data;
  return {
    instance,
    targetCapacityPercent,
    apps: new Map(
      apps.map((app) => [
        app.name,
        {
          ...app,
          graph: app.graph === null ? null : { ...app.graph, outbound: new Map(app.graph.outbound) },
          deployments: new Map(app.deployments.map((deployment) => [deployment.name, deployment])),
        },
      ]),
    ),
    custody: custody === null ? null : decodeCustody(custody),
  };
};

const decodeCustody = ({ http, apps, closed }: z.infer<typeof custodySchema>): Custody => ({
  http,
  closed,
  apps: new Map(
    apps.map(({ name, routes, deployments }) => [
      name,
      { name, routes, deployments: new Map(deployments.map((terms) => [terms.deployment, terms])) },
    ]),
  ),
});
