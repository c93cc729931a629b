import type { ApiClient, ReplicaView } from "mantaray/testing";
import { waitFor } from "mantaray/testing";

/** A row of `/api/v0/actors`. */
export interface ActorRow {
  readonly actor_id: string;
  readonly class_name: string;
  readonly state: string;
  readonly name: string;
  readonly node_id: string | null;
  readonly pid: number;
}

/** A row of `/api/v0/nodes`. */
export interface NodeRow {
  readonly node_id: string;
  readonly node_ip: string;
  readonly is_head_node: boolean;
  readonly state: string;
  readonly node_name: string;
}

interface Envelope<Row> {
  readonly data: { readonly result: { readonly result: readonly Row[] } };
}

/** What runs in a cluster, as its State API tells it; every look is bounded. */
export class ClusterState {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Actors of a class; live ones unless `state` says otherwise. */
  async actors(className: string, state = "ALIVE"): Promise<readonly ActorRow[]> {
    const filters = [filter("class_name", className), filter("state", state)].join("&");
    return ((await this.#api.getJson(`/api/v0/actors?limit=10000&${filters}`)) as Envelope<ActorRow>).data.result
      .result;
  }

  async nodes(): Promise<readonly NodeRow[]> {
    return ((await this.#api.getJson("/api/v0/nodes?limit=10000&detail=true")) as Envelope<NodeRow>).data.result.result;
  }

  /** Running replicas of a deployment. */
  async replicas(app: string, deployment: string): Promise<readonly ReplicaView[]> {
    const view = await this.#api.apps();
    const replicas = view.applications[app]?.deployments[deployment]?.replicas ?? [];
    return replicas.filter((replica) => replica.state === "RUNNING");
  }

  /** Waits until `probe` holds; errors of the API (a head that is away) count as "not yet". */
  async until<T>(what: string, probe: () => Promise<T | undefined | false>, timeoutMs = 30_000): Promise<T> {
    return await waitFor(probe, { what, timeoutMs, intervalMs: 20 });
  }
}

const filter = (key: string, value: string): string =>
  `filter_keys=${key}&filter_predicates=%3D&filter_values=${encodeURIComponent(value)}`;
