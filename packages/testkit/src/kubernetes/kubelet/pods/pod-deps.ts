import type { ApiAccess } from "../../api/access.ts";
import type { KubeletClock } from "../clock.ts";
import type { EventRecorder } from "../events.ts";
import type { ImageRegistry } from "../images/image-registry.ts";
import type { KubeletLog } from "../log.ts";
import type { SandboxPrograms } from "../sandbox/bwrap-program.ts";
import type { Pod } from "../types.ts";
import type { TokenIssuer } from "../volumes/payload.ts";
import type { RestartDelays } from "./backoff.ts";

/** Gives pods addresses and names. */
export interface PodNetwork {
  /** The pod's address; keeps `hosts` in the folder up to date until `detach`. */
  attach(pod: Pod, etcFolder: string): string;
  detach(uid: string): void;
}

/** What every pod of a kubelet shares. */
export interface PodDeps {
  readonly access: ApiAccess;
  readonly clock: KubeletClock;
  readonly log: KubeletLog;
  readonly events: EventRecorder;
  readonly images: ImageRegistry;
  readonly network: PodNetwork;
  readonly programs: SandboxPrograms;
  readonly restartDelays: RestartDelays;
  readonly issueToken: TokenIssuer | undefined;
  /** The API server's certificate authority, PEM. */
  readonly caCert: string | undefined;
  /** Where pods reach the API server. */
  readonly apiServer: { readonly host: string; readonly port: number } | undefined;
  readonly dnsDomain: string;
  readonly folders: { readonly pods: string; readonly claims: string; readonly images: string };
  readonly node: {
    readonly name: string;
    readonly ip: string;
    readonly allocatable: { readonly cpu: string; readonly memory: string };
  };
}
