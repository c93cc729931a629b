import type { Authorizer } from "../auth/authorizer.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Core } from "../engine/core.ts";
import type { PodStreams } from "../pod-streams.ts";
import type { RequestCounts } from "./request-counts.ts";
import type { WatchStreams } from "./watch-streams.ts";

/** What requests are answered from. */
export interface ServerDeps {
  readonly core: Core;
  readonly authorizer: Authorizer;
  readonly tokens: Tokens;
  readonly counts: RequestCounts;
  readonly watches: WatchStreams;
  /** Undefined while no kubelet is connected. */
  podStreams(): PodStreams | undefined;
}
