/** Where the kubelet writes what an operator of it should see; one line each. */
export interface KubeletLog {
  info(message: string): void;
  warn(message: string): void;
}

/** Says nothing. */
export const silentLog: KubeletLog = { info: () => undefined, warn: () => undefined };

/** The text of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
