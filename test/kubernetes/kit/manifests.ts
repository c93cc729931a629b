import { readFileSync } from "node:fs";
import type { RayServiceSpecInput } from "../../../packages/operator/src/api/ray-service-spec.ts";

type ClusterConfig = RayServiceSpecInput["rayClusterConfig"];
type PodTemplate = ClusterConfig["headGroupSpec"]["template"];

/** What tests vary of a RayService; the rest is the same for all. */
export interface ServiceOptions {
  readonly name: string;
  /** Default 1. */
  readonly workers?: number;
  /** Price of a mango and factor of the pizzas. Default 3 and 5, as in the reference's tests: `6`, `15 pizzas please!`. */
  readonly price?: number;
  readonly factor?: number;
  /** Replicas of each deployment, one a node. Default 1. */
  readonly replicas?: number;
  readonly headEnv?: Readonly<Record<string, string>>;
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** CPUs that the head offers to replicas. Default 0. */
  readonly headCpus?: number;
  /** Control store outside of the head. */
  readonly faultTolerance?: ClusterConfig["gcsFaultToleranceOptions"];
  readonly cluster?: Partial<ClusterConfig>;
  readonly spec?: Partial<RayServiceSpecInput>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A RayService of the fruit app and the pizza app. */
export const rayService = (options: ServiceOptions): object => {
  const { name, annotations = {}, spec = {} } = options;
  return {
    apiVersion: "ray.io/v1",
    kind: "RayService",
    metadata: { name, annotations },
    spec: { serveConfigV2: JSON.stringify(serveConfig(options)), rayClusterConfig: clusterConfig(options), ...spec },
  };
};

/** A RayCluster of a head and workers. */
export const rayCluster = (options: ServiceOptions): object => {
  const { name, annotations = {} } = options;
  return { apiVersion: "ray.io/v1", kind: "RayCluster", metadata: { name, annotations }, spec: clusterConfig(options) };
};

/** The pizza app's file, which every pod mounts. */
export const appConfigMap = (): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "calc-app" },
  data: { "calc.ts": readFileSync(new URL("calc-app.ts", import.meta.url), "utf8") },
});

const clusterConfig = (options: ServiceOptions): ClusterConfig => {
  const { workers = 1, headCpus = 0, headEnv = {}, workerEnv = {}, faultTolerance, cluster = {} } = options;
  return {
    rayVersion: "2.53.0",
    ...(faultTolerance === undefined ? {} : { gcsFaultToleranceOptions: faultTolerance }),
    headGroupSpec: {
      rayStartParams: { "num-cpus": String(headCpus) },
      template: podTemplate("ray-head", headEnv),
    },
    workerGroupSpecs: [
      {
        groupName: "worker",
        replicas: workers,
        minReplicas: 0,
        maxReplicas: 5,
        rayStartParams: { "num-cpus": "1" },
        template: podTemplate("ray-worker", workerEnv),
      },
    ],
    ...cluster,
  };
};

const podTemplate = (name: string, env: Readonly<Record<string, string>>): PodTemplate => ({
  spec: {
    containers: [
      {
        name,
        image: "mantaray/manta:0.1.0",
        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
        resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
        volumeMounts: [{ name: "app", mountPath: "/home/ray/app" }],
      },
    ],
    volumes: [{ name: "app", configMap: { name: "calc-app" } }],
  },
});

const serveConfig = ({ price = 3, factor = 5, replicas = 1 }: ServiceOptions): object => {
  const each = { num_replicas: replicas, max_replicas_per_node: 1, ray_actor_options: { num_cpus: 0.1 } };
  return {
    applications: [
      {
        name: "fruit",
        import_path: "fruit.deployment_graph",
        route_prefix: "/fruit",
        deployments: [
          { ...each, name: "MangoStand", user_config: { price } },
          { ...each, name: "OrangeStand", user_config: { price: 2 } },
          { ...each, name: "PearStand", user_config: { price: 1 } },
          { ...each, name: "FruitMarket" },
        ],
      },
      {
        name: "calc",
        import_path: "calc.serve_dag",
        route_prefix: "/calc",
        deployments: [
          { ...each, name: "Multiplier", user_config: { factor } },
          { ...each, name: "Router" },
        ],
      },
    ],
  };
};
