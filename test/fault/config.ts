import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const fruitFolder = fileURLToPath(new URL("../../examples/fruit", import.meta.url));
const probeFolder = fileURLToPath(new URL("app", import.meta.url));

/** What a step may change of the probe apps. */
export interface ProbeOptions {
  /** Replicas of `Pid`. Default 3. */
  readonly pidReplicas?: number;
  /** Another value is another version of `Pid`: its replicas are replaced. */
  readonly revision?: number;
}

/** A stopped process answers no health check: it is replaced after some ten seconds instead of the default's minutes. */
const impatient = { health_check_period_s: 1, health_check_timeout_s: 3 };

const probe = (name: string, deployment: string, replicas: number, env: Readonly<Record<string, string>> = {}) => ({
  name,
  route_prefix: `/${name}`,
  import_path: `probe:${name}`,
  deployments: [
    {
      name: deployment,
      num_replicas: replicas,
      // Open streams and uploads hold a place each; a fault must not turn into a full queue.
      max_ongoing_requests: 100,
      ...impatient,
      ray_actor_options: { num_cpus: 0.1, runtime_env: { env_vars: env } },
    },
  ],
});

interface FruitConfig {
  readonly applications: readonly { readonly deployments: readonly object[] }[];
}

/** The fruit app as its own config has it but for its health checks. */
const fruit = () =>
  (parse(readFileSync(`${fruitFolder}/serve.yaml`, "utf8")) as FruitConfig).applications.map((app) => ({
    ...app,
    deployments: app.deployments.map((deployment) => ({ ...deployment, ...impatient })),
  }));

/** The fruit app, and four small apps: which process answered, echo, at most once, big bodies. */
export const faultConfigOf = ({ pidReplicas = 3, revision = 0 }: ProbeOptions = {}) => ({
  applications: [
    ...fruit(),
    probe("pid", "Pid", pidReplicas, { REVISION: String(revision) }),
    probe("echo", "Echo", 2),
    probe("once", "Once", 2),
    probe("bulk", "Bulk", 2),
  ],
});

/** Where the apps of `faultConfigOf` are looked up. */
export const faultAppPath = [fruitFolder, probeFolder];
