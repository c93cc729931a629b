import type { AppsView } from "./api-client.ts";
import type { LocalCluster } from "./cluster.ts";

/** What `manta run` prints once everything runs: what is where, the addresses, a request to send. */
export const describeCluster = (cluster: LocalCluster, view: AppsView, hint: string | undefined): string => {
  const lines = ["", ...nodeLines(cluster), "", ...appLines(view), ""];
  const [firstPrefix] = Object.values(view.applications).flatMap((app) =>
    app.route_prefix === null ? [] : [app.route_prefix],
  );
  lines.push(`  status page  ${cluster.api.url}/${cluster.token === "" ? "" : `?token=${cluster.token}`}`);
  lines.push(`  send         ${hint ?? `curl ${cluster.url}${firstPrefix ?? "/"}`}`, "");
  return lines.join("\n");
};

const nodeLines = (cluster: LocalCluster): string[] =>
  cluster.nodes.map((node) => {
    const parts = [`proxy http://${cluster.proxyOf(node)}`];
    if (node.head) parts.push(`control store ${cluster.gcsAddress}`, `API server ${cluster.api.url}`);
    return `  ${node.name.padEnd(10)} ${node.ip.padEnd(10)} pid ${String(node.pid).padEnd(7)} ${parts.join(", ")}`;
  });

const appLines = (view: AppsView): string[] =>
  Object.entries(view.applications).map(([name, app]) => {
    const deployments = Object.entries(app.deployments).map(
      ([deployment, { replicas }]) => `${deployment} ${replicas.length}`,
    );
    return `  ${name} is ${app.status} on ${app.route_prefix ?? "no route"}: ${deployments.join(", ")}`;
  });

/** The example request of a config: its comment `# try: COMMAND`. */
export const hintOf = (text: string): string | undefined => /^#\s*try:\s*(.+)$/m.exec(text)?.[1]?.trim();
