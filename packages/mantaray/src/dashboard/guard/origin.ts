/** What a browser says of where a request comes from. */
export interface OriginHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

/**
 * Whether a request may come from a browser at all: only from a page of this very server, or typed by the
 * user. Another port of the same host is another site: user applications run there. Clients that are not
 * browsers send neither header.
 */
export const originAllowed = (headers: OriginHeaders): boolean => {
  const site = headers.secFetchSite;
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host?.toLowerCase();
};
