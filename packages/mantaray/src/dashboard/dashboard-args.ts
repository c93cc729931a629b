import { parseArgs } from "node:util";
import { MantaError } from "../base/errors.ts";
import { readSmallFile } from "../base/read-small-file.ts";

/** Command line of the API server's process, as its node agent writes it. */
export interface DashboardArgs {
  readonly host: string;
  readonly port: number;
  /** Control stores, `tcp:host:port`. */
  readonly gcsAddresses: readonly string[];
  /** File in which the node's agent writes where they are, newest knowledge; empty for none. */
  readonly gcsFile: string;
  readonly sessionDir: string;
  readonly nodeId: string;
  readonly nodeIp: string;
}

/** Reads the command line; `invalid_argument` names the flag. */
export const parseDashboardArgs = (argv: readonly string[]): DashboardArgs => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8265" },
      gcs: { type: "string", multiple: true },
      "gcs-file": { type: "string", default: "" },
      "session-dir": { type: "string", default: "" },
      "node-id": { type: "string", default: "" },
      "node-ip": { type: "string", default: "127.0.0.1" },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new MantaError("invalid_argument", `--port must be 0 to 65535, got ${JSON.stringify(values.port)}`);
  }
  const gcsAddresses = (values.gcs ?? []).flatMap((address) => address.split(","));
  if (gcsAddresses.length === 0) throw new MantaError("invalid_argument", "--gcs must be tcp:host:port");
  return {
    host: values.host,
    port,
    gcsAddresses,
    gcsFile: values["gcs-file"],
    sessionDir: values["session-dir"],
    nodeId: values["node-id"],
    nodeIp: values["node-ip"],
  };
};

/** What the agent has written into `gcsFile` by now. */
export const listedAddresses = (gcsFile: string): readonly string[] => {
  if (gcsFile === "") return [];
  return (readSmallFile(gcsFile) ?? "").split(",").filter((address) => address.startsWith("tcp:"));
};
