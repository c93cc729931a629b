/**
 * Where the code of each process and of each kind of actor begins. The only place that turns a name into
 * a file, so that it works from source (.ts) and from the build (.js) alike.
 */
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const entry = (path: string): URL => new URL(`./${path}.${extension}`, import.meta.url);

/** Programs: run by `node`. */
export const programs = {
  cli: entry("cli/main"),
  node: entry("node/main"),
  gcs: entry("gcs/main"),
  dashboard: entry("dashboard/main"),
  worker: entry("worker/main"),
  build: entry("serve/build/main"),
  front: entry("local/front/main"),
} as const;

/** Actors: modules that a worker imports; each exports `createActor` (see `worker/actor-module.ts`). */
export const actorModules: Readonly<Record<string, URL>> = {
  "serve-controller": entry("serve/controller/actor"),
  "serve-proxy": entry("serve/proxy/actor"),
  "serve-replica": entry("serve/replica/actor"),
  "user-actor": entry("worker/user-actor"),
};

/** What application code gets for `import … from "mantaray"`. */
export const publicApi: URL = entry("index");
