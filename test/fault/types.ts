import type { TestCluster } from "@manta/testkit";

/** What a step works on. */
export interface FaultContext extends TestCluster {
  /** For people who watch. */
  readonly say: (line: string) => void;
}

/** One fault and the way back. */
export interface FaultStep {
  readonly name: string;
  /** Connections that ended in the killed proxy are lost: no server can save them. Counted apart. */
  readonly killsProxy: boolean;
  /** Does the fault, waits until the cluster is whole again, says how long that took. */
  run(context: FaultContext): Promise<{ readonly recoveryMs: number; readonly checks?: readonly Check[] }>;
}

/** Something that must hold after a step, with the value seen. */
export interface Check {
  readonly name: string;
  readonly bar: string;
  readonly value: string | number;
  readonly ok: boolean;
}
