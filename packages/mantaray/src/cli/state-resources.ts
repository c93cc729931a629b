/** What the State commands know. */
export const stateResources = ["actors", "nodes"] as const;
