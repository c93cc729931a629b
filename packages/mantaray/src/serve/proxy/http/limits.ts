/** Every bound of the HTTP front. Times are enforced by one sweeper, so they may be late by one sweep period. */
export interface HttpFrontLimits {
  /** Request line and fields together; more is 431. What common servers and balancers allow. */
  readonly headBytesMax: number;
  /** Fields of one head; more is 431. Whoever sends more is not a browser. */
  readonly headFieldsMax: number;
  /** Request target; more is 414. Half of a head, so that fields still fit. */
  readonly targetBytesMax: number;
  /** Empty lines before a request line: some old clients send one after a body. */
  readonly leadingLinesMax: number;
  /** Request body; more is 413, by its declared length or as soon as it has come. */
  readonly bodyBytesMax: number;
  /** Chunk sizes, extensions and trailers in a row without a byte of body: they cost work and carry nothing. */
  readonly chunkOverheadBytesMax: number;
  /** Framing bytes allowed for each byte of a chunked body: chunks of one byte with a short extension. */
  readonly chunkOverheadRatioMax: number;
  /** From the first byte of a head to its last; later is 408. A slow head holds a connection for nothing. */
  readonly headTimeoutMs: number;
  /** Without a byte of a body that is being read; later is 408. */
  readonly bodyIdleTimeoutMs: number;
  /** Mean rate of a body after its first `bodyIdleTimeoutMs` of reading; slower is 408. Drips are an attack. 0: no bound. */
  readonly bodyBytesPerSecondMin: number;
  /** Idle between two requests. Longer than the idle time of any balancer in front, or it would meet closed connections. */
  readonly keepAliveTimeoutMs: number;
  /** Bytes read ahead of the request being answered. Beyond them the socket is not read. */
  readonly readAheadBytesMax: number;
  /** Response bytes not yet with the kernel; beyond them `write` says false and no further request is begun. */
  readonly writeBufferBytesMax: number;
  /** Without progress of a response the client does not read; then the connection is cut. */
  readonly writeIdleTimeoutMs: number;
  /** Connections at once; more are told 503 and closed. Below the usual 65 536 descriptors, links included. */
  readonly connectionsMax: number;
  /** A request body nobody wants: up to here it is read and dropped, to keep the connection or to let the answer arrive. */
  readonly discardBytesMax: number;
  /** How long a connection that ends still drops what the client sends, so that no reset destroys the answer. */
  readonly lingerTimeoutMs: number;
  /**
   * Lame duck: from the order to drain, connections are accepted and idle ones kept for this long, while health
   * fails and each response closes its connection. Longer than a balancer takes to notice: endpoints of Kubernetes
   * are gone within 1–3 s, a readiness probe or balancer asks each 5 s.
   */
  readonly lameDuckMs: number;
  /** After the lame-duck time an idle connection goes after this long: a request may be on its way to us. */
  readonly drainIdleMs: number;
  /** An event stream that is open at the end of a drain gets this long to carry its end to the client. */
  readonly lastWordMs: number;
  /** Period of the sweeper, and the resolution of every time above. */
  readonly sweepPeriodMs: number;
}

/** The defaults. `keepAliveTimeoutMs` is the reference's 90 s. */
export const httpFrontLimits: HttpFrontLimits = {
  headBytesMax: 16 * 1024,
  headFieldsMax: 100,
  targetBytesMax: 8 * 1024,
  leadingLinesMax: 4,
  bodyBytesMax: 100 * 1024 * 1024,
  chunkOverheadBytesMax: 16 * 1024,
  chunkOverheadRatioMax: 16,
  headTimeoutMs: 20_000,
  bodyIdleTimeoutMs: 60_000,
  bodyBytesPerSecondMin: 64,
  keepAliveTimeoutMs: 90_000,
  readAheadBytesMax: 64 * 1024,
  writeBufferBytesMax: 256 * 1024,
  writeIdleTimeoutMs: 60_000,
  connectionsMax: 10_000,
  discardBytesMax: 256 * 1024,
  lingerTimeoutMs: 2_000,
  lameDuckMs: 5_000,
  drainIdleMs: 1_000,
  lastWordMs: 500,
  sweepPeriodMs: 250,
};
