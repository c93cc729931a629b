import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { KubeObject } from "../api/objects.ts";

/** A request for a pod's output. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */
export interface PodLogRequest {
  readonly pod: KubeObject;
  /** The query: `container`, `follow`, `previous`, `tailLines`, `limitBytes`, `sinceSeconds`, `sinceTime`, `timestamps`, `stream`. */
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  /** Nothing is sent yet. An `ApiError` thrown before something is sent is answered as a Status. */
  readonly response: ServerResponse;
}

/** A request to talk with a pod, by WebSocket (or SPDY) upgrade. */
export interface PodUpgradeRequest {
  readonly pod: KubeObject;
  /** `exec`, `attach`: `container`, `command` (repeated), `stdin`, `stdout`, `stderr`, `tty`. `portforward`: `ports`. */
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/**
 * What the API server hands to the kubelets. Authentication, authorization and the look-up of the pod are done.
 * An `ApiError` thrown before anything is written is answered as a Status (for upgrades: as the HTTP answer in its place).
 */
export interface PodStreams {
  log(request: PodLogRequest): Promise<void>;
  exec(request: PodUpgradeRequest): Promise<void>;
  attach(request: PodUpgradeRequest): Promise<void>;
  portForward(request: PodUpgradeRequest): Promise<void>;
}
