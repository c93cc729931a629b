import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Log, silentLog } from "../../base/log.ts";
import { dial } from "../dial.ts";
import { linkPair } from "../link-pair.ts";
import { listen } from "../listen.ts";
import type { Link } from "../types.ts";

/** Both ends of one link in this process. */
export interface Links {
  readonly dialed: Link;
  readonly accepted: Link;
}

/** How two ends can be joined. */
export const wireKinds = ["memory", "unix", "tcp"] as const;

/** Two ends over a wire of the kind, until the test is over. `setup` sees the accepted end before its first frame. */
export const openLinks = async (
  kind: (typeof wireKinds)[number],
  options: { setup?: (accepted: Link) => void; log?: Log } = {},
): Promise<Links> => {
  if (kind === "memory") {
    const [dialed, accepted] = await linkPair();
    options.setup?.(accepted);
    onTestFinished(() => dialed.close());
    return { dialed, accepted };
  }
  const directory = mkdtempSync(join(tmpdir(), "manta-link-"));
  const log = options.log ?? silentLog;
  const { promise: arrived, resolve: accept } = Promise.withResolvers<Link>();
  const server = await listen([kind === "unix" ? `unix:${join(directory, "l.sock")}` : "tcp:127.0.0.1:0"], {
    token: "token",
    identity: { role: "listener", id: "1" },
    log,
    onLink: (link) => {
      options.setup?.(link);
      accept(link);
    },
  });
  const dialed = await dial(server.addresses[0] as string, {
    token: "token",
    identity: { role: "dialer", id: "2" },
    log,
  });
  onTestFinished(async () => {
    dialed.close();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { dialed, accepted: await arrived };
};
