/** What a TLS connection to the API server takes; absent parts are Node's defaults. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the API server is and how one proves who one is there. Files are read again when needed: they rotate. */
export interface ApiAccess {
  /** Such as `https://10.96.0.1:443`; may have a path. */
  readonly server: string;
  /** Where we run, for what defaults to "here"; undefined when unknown. */
  readonly namespace?: string | undefined;
  /** Asked at each new connection. */
  tls(): TlsMaterial;
  /** `authorization` and the like; asked at each request. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The server has answered 401: read again what may be cached. */
  onUnauthorized(): void;
}
