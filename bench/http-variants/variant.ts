/** A server under measurement, running. */
export interface RunningVariant {
  readonly url: string;
  /** Whose CPU counts as whose; a variant of one process has no replica. */
  readonly pids: { readonly proxy: readonly number[]; readonly replica: readonly number[] };
  stop(): Promise<void>;
}

/** What a file of this folder exports: starts it, or says why it cannot run here. */
export type StartVariant = () => Promise<RunningVariant | { readonly skipped: string }>;
