import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const fruitFolder = fileURLToPath(new URL("../../examples/fruit", import.meta.url));
const probeFolder = fileURLToPath(new URL("app", import.meta.url));

const probe = (name: string, attribute: string, deployment: string, replicas: number): unknown => ({
  name,
  route_prefix: `/${name}`,
  import_path: `probe:${attribute}`,
  deployments: [{ name: deployment, num_replicas: replicas, ray_actor_options: { num_cpus: 0.1 } }],
});

/** The fruit app as its own config has it, and three small apps that show which process answered. */
export const faultConfig = {
  applications: [
    ...(parse(readFileSync(`${fruitFolder}/serve.yaml`, "utf8")) as { applications: unknown[] }).applications,
    probe("pid", "pid", "Pid", 3),
    probe("echo", "echo", "Echo", 2),
    probe("once", "once", "Once", 2),
  ],
};

/** Where the apps of `faultConfig` are looked up. */
export const faultAppPath = [fruitFolder, probeFolder];
