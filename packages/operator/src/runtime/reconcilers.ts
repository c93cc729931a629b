import type { ReconcilerFactory } from "./operator.ts";

/** What the operator reconciles. */
export const reconcilers: readonly ReconcilerFactory[] = [];
