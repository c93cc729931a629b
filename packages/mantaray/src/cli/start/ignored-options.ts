import { Option } from "commander";

/** Flags of the reference's `start` that manifests and scripts pass and that mean nothing here (section 3.2). */
const flags = [
  "--object-manager-port <port>",
  "--node-manager-port <port>",
  "--min-worker-port <port>",
  "--max-worker-port <port>",
  "--worker-port-list <ports>",
  "--ray-client-server-port <port>",
  "--object-store-memory <bytes>",
  "--include-dashboard [flag]",
  "--dashboard-agent-grpc-port <port>",
  "--dashboard-grpc-port <port>",
  "--runtime-env-agent-port <port>",
  "--metrics-export-port <port>",
  "--autoscaling-config <file>",
  "--system-config <json>",
  "--plasma-directory <folder>",
  "--disable-usage-stats",
  "--include-log-monitor [flag]",
  "--log-style <style>",
  "--log-color <when>",
  "--no-monitor",
] as const;

/** Those flags as options that help does not show. */
export const ignoredOptions = (): readonly Option[] => flags.map((flag) => new Option(flag).hideHelp());
