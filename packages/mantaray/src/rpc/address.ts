import { MantaError } from "../base/errors.ts";

/** Where a link is dialed or listened for. */
export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Reads `unix:/path`, `tcp:host:port` or `tcp:[v6]:port`; anything else is `invalid_argument`. */
export const parseAddress = (text: string): Address => {
  if (text.startsWith("unix:/")) return { kind: "unix", path: text.slice("unix:".length) };
  const tcp = /^tcp:(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(tcp?.[3]);
  if (tcp === null || port > 65_535) {
    throw new MantaError(
      "invalid_argument",
      `a link's address must be "unix:/path" or "tcp:host:port", got ${JSON.stringify(text)}`,
    );
  }
  return { kind: "tcp", host: (tcp[1] ?? tcp[2]) as string, port };
};
