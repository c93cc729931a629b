import type { LoadRequest } from "../../../bench/load/load-request.ts";
import { kindOf } from "./outcome.ts";

/** One class of traffic: what may be done with its requests when a replica dies. */
export interface TrafficClass {
  readonly name: string;
  /** A server can save each of its requests unless the process that holds its connection dies: failing one is ours. */
  readonly saveable: boolean;
  /** Each request may run once at most, whatever happens. */
  readonly once: boolean;
  /** Small requests in a steady flow: their times are the cluster's. Streams and uploads take seconds by themselves. */
  readonly small: boolean;
  /** Why, for the reader of the table. */
  readonly note: string;
}

/** A class in the table; its requests are those of the same name below, streams have a client of their own. */
export const classes: readonly TrafficClass[] = [
  { name: "GET", saveable: true, once: false, small: true, note: "safe method" },
  { name: "POST repeatable", saveable: true, once: false, small: true, note: "the deployment says retryNonIdempotent" },
  { name: "POST key", saveable: true, once: false, small: true, note: "carries an Idempotency-Key" },
  {
    name: "POST",
    saveable: false,
    once: true,
    small: true,
    note: "may not be repeated: 503 with the reason where a replica died with it",
  },
  { name: "POST fruit", saveable: true, once: false, small: true, note: "two deployments that both may repeat" },
  {
    name: "upload 10 MB",
    saveable: false,
    once: false,
    small: false,
    note: "a POST, and too long to be kept for a second try",
  },
  { name: "SSE", saveable: false, once: false, small: false, note: "40 events in 2 s; a stream ends with its replica" },
  {
    name: "WebSocket",
    saveable: false,
    once: false,
    small: false,
    note: "20 messages in 2 s; told by a close frame (1001, 1012) that the server leaves counts as ok",
  },
];

/** What a WebSocket's conversation is. */
export const socketRequest = { path: "/bulk", messages: 20, everyMs: 100 } as const;

/** Ids in bodies begin with this and a number. */
export const idPrefixes = { POST: "p", "POST key": "k" } as const;

const uploadBytes = 10 * 1024 * 1024;
const text = { "content-type": "text/plain" };

/** The small requests, for both loops. `run` makes ids of two loops differ. */
export const smallRequests = (run: string): readonly LoadRequest[] => {
  const id = (kind: keyof typeof idPrefixes, serial: number): string => `${idPrefixes[kind]}${run}-${serial}`;
  return [
    { name: "GET", weight: 2, path: "/pid", classify: kindOf, expect: (_status, body) => body.startsWith('{"pid":') },
    {
      name: "POST repeatable",
      method: "POST",
      path: "/echo",
      headers: text,
      body: "hello",
      classify: kindOf,
      expect: (_status, body) => body === "hello",
    },
    {
      name: "POST key",
      method: "POST",
      path: "/once",
      headers: text,
      unique: (serial) => ({ headers: { "idempotency-key": id("POST key", serial) }, body: id("POST key", serial) }),
      classify: kindOf,
      expect: (_status, body, sent) => body === sent,
    },
    {
      name: "POST",
      method: "POST",
      path: "/once",
      headers: text,
      unique: (serial) => ({ body: id("POST", serial) }),
      classify: kindOf,
      expect: (_status, body, sent) => body === sent,
    },
    {
      name: "POST fruit",
      method: "POST",
      path: "/fruit/",
      headers: { "content-type": "application/json" },
      body: '["PEAR", 12]',
      classify: kindOf,
      expect: (_status, body) => body === "12",
    },
  ];
};

/** The big one, for a loop of its own. */
export const uploadRequest = (): LoadRequest => ({
  name: "upload 10 MB",
  method: "POST",
  path: "/bulk",
  headers: { "content-type": "application/octet-stream" },
  body: Buffer.alloc(uploadBytes, "manta"),
  classify: kindOf,
  expect: (_status, body) => body === String(uploadBytes),
});

/** What a stream asks for, and what it must get. */
export const streamRequest = { path: "/bulk?count=40&every=50", events: 40 } as const;
