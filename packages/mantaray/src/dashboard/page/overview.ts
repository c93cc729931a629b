import { formatUsage } from "../../actor/index.ts";
import type { ActorRecord } from "../../protocol/actor.ts";
import type { NodeRecord } from "../../protocol/node.ts";
import type { ApplicationDetails, DeploymentDetails, ServeDetails } from "../../protocol/serve-details.ts";
import { type Html, html } from "./html.ts";

/** What the page shows. A part that could not be had is undefined and says so. */
export interface Overview {
  readonly nodes: readonly NodeRecord[] | undefined;
  readonly usage: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly actors: readonly ActorRecord[] | undefined;
  readonly serve: ServeDetails | undefined;
}

/** Actors that the page lists: the rest is in the State API. */
const actorRowsMax = 500;

/** The main part of the page. */
export const overviewHtml = (overview: Overview): Html => html`
<h2>Nodes</h2>${nodesHtml(overview)}
<h2>Applications</h2>${appsHtml(overview.serve)}
<h2>Actors</h2>${actorsHtml(overview.actors)}`;

const nodesHtml = ({ nodes, usage }: Overview): Html => {
  if (nodes === undefined) return away("The control store does not answer.");
  const newestFirst = nodes.toSorted((left, right) => right.startMs - left.startMs);
  return table(
    ["Node", "Address", "State", "Resources in use", "Node id"],
    newestFirst.map((node) => [
      html`${node.name}${node.isHead ? html` <span class="dim">head</span>` : null}`,
      html`${node.ip}`,
      status(node.draining ? "DRAINING" : node.state, node.stateMessage),
      html`${formatUsage(node.resources, usage[node.nodeId] ?? {}).join(", ")}`,
      html`<code>${node.nodeId.slice(0, 12)}</code>`,
    ]),
  );
};

const appsHtml = (serve: ServeDetails | undefined): Html => {
  if (serve === undefined) return away("The Serve controller does not answer; traffic is not affected.");
  const apps = Object.values(serve.applications);
  if (apps.length === 0) return html`<p class="dim">None. Deploy one with <code>manta serve deploy</code>.</p>`;
  return html`${apps.map(appHtml)}`;
};

const appHtml = (app: ApplicationDetails): Html => html`<h3>${app.name} ${status(app.status, app.message)}
<span class="dim">${app.route_prefix ?? "no route"}</span></h3>${table(
  ["Deployment", "Status", "Replicas", "Running on"],
  Object.values(app.deployments).map((deployment) => [
    html`${deployment.name}`,
    status(deployment.status, deployment.message),
    html`${runningCount(deployment)} of ${deployment.target_num_replicas}`,
    html`${deployment.replicas.map(
      (replica) => html`<div>${replica.node_ip ?? "?"} <span class="dim">pid ${replica.pid ?? "?"}</span>
<code>${replica.replica_id}</code> ${status(replica.state, "")}</div>`,
    )}`,
  ]),
)}`;

const runningCount = (deployment: DeploymentDetails): number =>
  deployment.replicas.filter((replica) => replica.state === "RUNNING").length;

const actorsHtml = (actors: readonly ActorRecord[] | undefined): Html => {
  if (actors === undefined) return away("The control store does not answer.");
  const newestFirst = actors.toSorted((left, right) => right.startMs - left.startMs);
  const more = newestFirst.length - actorRowsMax;
  return html`${table(
    ["Class", "Name", "State", "Pid", "Restarts", "Actor id"],
    newestFirst
      .slice(0, actorRowsMax)
      .map((actor) => [
        html`${actor.spec.className}`,
        html`<code>${actor.spec.name}</code>`,
        status(actor.state, actor.deathCause?.message ?? actor.pendingReason),
        html`${actor.pid}`,
        html`${actor.restarts}`,
        html`<code>${actor.actorId}</code>`,
      ]),
  )}${more > 0 ? html`<p class="dim">and ${more} more: <code>manta list actors</code></p>` : null}`;
};

const table = (heads: readonly string[], rows: readonly (readonly Html[])[]): Html =>
  html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;

const away = (text: string): Html => html`<p class="bad">${text}</p>`;

const good: ReadonlySet<string> = new Set(["ALIVE", "RUNNING", "HEALTHY"]);
const bad: ReadonlySet<string> = new Set(["DEAD", "UNHEALTHY", "DEPLOY_FAILED"]);

const status = (text: string, message: string): Html => {
  const tone = good.has(text) ? "good" : bad.has(text) ? "bad" : "busy";
  return html`<span class="${tone}">${text}</span>${message === "" ? null : html` <span class="dim">${message}</span>`}`;
};
