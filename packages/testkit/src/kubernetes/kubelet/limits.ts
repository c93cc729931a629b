/** Every bound of the kubelet, with its reason. Times in ms where the name says so. */
export const kubeletLimits = {
  /** As a kubelet's default `maxPods`. */
  podsPerNode: 110,
  /** How often a node says that it lives; as a kubelet renews its lease. */
  heartbeatMs: 10_000,
  /** First wait before a container that failed twice starts again. A kubelet waits 10 s; tests have no time for that. */
  restartDelayMs: 1_000,
  /** A kubelet's is 300 s. */
  restartDelayMaxMs: 30_000,
  /** What a pod waits for before it looks again (a Secret that is not there yet, an image nobody knows). */
  retryMs: 500,
  retryMaxMs: 5_000,
  /** A hook or probe says at most this much in an event, as a kubelet's 10 kB. */
  outputBytesMax: 10_240,
  /** One log file of a container; then it becomes the `.1` file, which the next one replaces. As a kubelet's containerLogMaxSize. */
  logFileBytesMax: 10 * 1024 * 1024,
  /** A line without an end is cut here, as a container runtime does. */
  logLineBytesMax: 16 * 1024,
  /** What may wait for a reader of `logs -f` that does not read; then it is cut off. */
  logBacklogBytesMax: 4 * 1024 * 1024,
  /** Grace where a pod names none. */
  graceSeconds: 30,
  /** More time for a preStop hook that has used up the grace, as a kubelet gives. */
  graceExtensionMs: 2_000,
  /** Entries of a host folder that is opened for a mount inside it. */
  openedFolderEntriesMax: 2_000,
  /** How long a sandbox may take to appear. */
  sandboxStartMs: 10_000,
  /** How long the processes of a container may take to be gone after SIGKILL. */
  killMs: 10_000,
  /** What a probe reads of an answer. */
  probeBodyBytesMax: 10_240,
  /** Redirects a probe follows, as a kubelet. */
  probeRedirectsMax: 10,
  /** Same events are counted in one object; so many are remembered for that. */
  eventsRememberedMax: 1_000,
  /** How often ConfigMap and Secret volumes are compared with their objects. A kubelet takes up to a minute. */
  volumeRefreshMs: 1_000,
  /** Data of one message of exec, attach and port-forward. */
  streamChunkBytesMax: 32 * 1024,
  /** Nobody needs more streams at once in one port-forward. */
  forwardStreamsMax: 256,
  /** A frame of a port-forward; clients send 32 kB. */
  forwardFrameBytesMax: 1024 * 1024,
} as const;
