import { readFileSync } from "node:fs";

/**
 * One look at what the kernel knows of this machine's TCP connections, taken when the first one asks. It tells a
 * network that is cut from a peer whose process is only busy or stopped: its kernel acknowledges all the same.
 */
export class KernelLook {
  #rows: ReadonlyMap<string, boolean> | undefined;

  /**
   * The other machine's kernel left our bytes unacknowledged through several re-sends. False where nobody knows:
   * not on Linux, no such connection. Connections that share both ports must all be in that state.
   */
  unreachable(localPort: number, remotePort: number): boolean {
    this.#rows ??= readTables();
    return this.#rows.get(portsKey(localPort, remotePort)) ?? false;
  }
}

/** Sent again this often without an acknowledgement: after 0.2 s and 0.6 s. Once happens on a lossy network. */
const resendsMin = 2;

const readTables = (): Map<string, boolean> => {
  const rows = new Map<string, boolean>();
  for (const file of ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    let text: string;
    try {
      text = readFileSync(file, "latin1");
    } catch {
      // Not Linux, or no such family: nothing is known.
      continue;
    }
    for (const line of text.split("\n").slice(1)) addRow(rows, line);
  }
  return rows;
};

/** "sl: address:port address:port state tx:rx timer:when resends uid probes inode …", all but the last in hex. */
const addRow = (rows: Map<string, boolean>, line: string): void => {
  const [, local, remote, state, , , resends, , probes] = line.trim().split(/\s+/);
  if (local === undefined || remote === undefined || state === "0A" || probes === undefined) return;
  const key = portsKey(portOf(local), portOf(remote));
  const lost = Number.parseInt(resends ?? "0", 16) >= resendsMin || Number.parseInt(probes, 10) >= resendsMin;
  rows.set(key, lost && (rows.get(key) ?? true));
};

const portOf = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);

const portsKey = (localPort: number, remotePort: number): string => `${localPort} ${remotePort}`;
