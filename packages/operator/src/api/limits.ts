/**
 * Bounds of the fields of a RayCluster and a RayService. They are far above what anybody runs; they
 * are there because an API server estimates what a CEL rule costs from the bounds of the fields it
 * reads, and refuses a CRD whose rules could cost too much.
 */
export const apiLimits = {
  /** A cluster with more kinds of workers than this is several clusters. */
  workerGroupsMax: 128,
  /** The Ray container, its sidecars. */
  containersMax: 32,
  /** Environment variables that a manifest names itself; services' variables are not among them. */
  envMax: 512,
  portsMax: 64,
  volumesMax: 256,
  volumeMountsMax: 256,
  /** Keys of rayStartParams: `ray start` has about sixty. */
  startParamsMax: 128,
  /** Keys of `resources`, and of maps of metadata. */
  mapEntriesMax: 128,
  /** Node labels of a group. Each key and value is held against a pattern, which is dear. */
  nodeLabelsMax: 32,
  /** Longest name of a variable, a parameter, an annotation's key. */
  keyLengthMax: 317,
  /** Longest value of a parameter: a resources JSON fits many times. */
  valueLengthMax: 4096,
  /** `Secret` and `ConfigMap` hold 1 MiB; a Serve config of a thousand deployments is about 300 kB. */
  serveConfigLengthMax: 524_288,
  /** Pods which one write asks to delete. */
  workersToDeleteMax: 1024,
  /** Rules of one side of a network policy. */
  networkRulesMax: 64,
  conditionsMax: 16,
  /** Clusters of one RayService on their way out at once: one upgrade leaves one. */
  retiringClustersMax: 32,
} as const;

/** Largest value of an int32 field, the reference's "no upper bound". */
export const int32Max = 2_147_483_647;
