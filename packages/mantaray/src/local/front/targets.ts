import { connect } from "node:net";

/** One proxy behind the front address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Proxies with their health, as the front has seen it. */
export class Targets {
  readonly #targets: readonly (Target & { healthy: boolean })[];
  #next = 0;

  constructor(targets: readonly Target[]) {
    this.#targets = targets.map((target) => ({ ...target, healthy: false }));
  }

  /**
   * All targets in the order to try them: the healthy ones in turn, then the others, because a health
   * check may be older than the truth.
   */
  candidates(): Target[] {
    const start = this.#next++;
    const turned = this.#targets
      .map((_, index) => this.#targets[(start + index) % this.#targets.length])
      .filter((target) => target !== undefined);
    return [...turned.filter((target) => target.healthy), ...turned.filter((target) => !target.healthy)];
  }

  /** A connection was refused: not asked again before a health check passes. */
  markDown(target: Target): void {
    for (const known of this.#targets)
      if (known.host === target.host && known.port === target.port) known.healthy = false;
  }

  /** Asks every target's `/-/healthz`. */
  async checkAll(timeoutMs: number): Promise<void> {
    await Promise.all(
      this.#targets.map(async (target) => {
        target.healthy = await isHealthy(target, timeoutMs);
      }),
    );
  }

  get healthyCount(): number {
    return this.#targets.filter((target) => target.healthy).length;
  }
}

const isHealthy = (target: Target, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(target.port, target.host);
    let answer = "";
    const finish = (healthy: boolean): void => {
      socket.destroy();
      resolve(healthy);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on("connect", () =>
      socket.write(`GET /-/healthz HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\nconnection: close\r\n\r\n`),
    );
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n")) finish(answer.startsWith("HTTP/1.1 200 "));
    });
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
  });
