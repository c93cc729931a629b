import { start as front } from "./front.ts";
import { start as haproxy } from "./haproxy.ts";
import { startManta1, startManta4 } from "./manta.ts";
import { start as nginx } from "./nginx.ts";
import { start as nodeHttp } from "./node-http.ts";
import type { StartVariant } from "./variant.ts";

/** What `http` measures, in the order of its tables. One file a variant. */
export const httpVariants: Readonly<Record<string, StartVariant>> = {
  "node-http": nodeHttp,
  "manta-1": startManta1,
  "manta-4": startManta4,
  front,
  haproxy,
  nginx,
};
