import type { LoadRequest } from "../../bench/load/load-request.ts";

/** One class of traffic: what is sent, and what may be done with it when a replica dies. */
export interface TrafficClass {
  readonly name: string;
  /** DESIGN: accepted and not repeatable is the one case a server may answer 503. */
  readonly repeatable: boolean;
  readonly request: LoadRequest;
}

const json = { "content-type": "application/json" };

/** Marks of the proxy: a 503 that says why it could not repeat, an answer that took more than one attempt. */
export const outcomes = { unsaveable: "unsaveable", retried: "retried" } as const;

/** Sorts an answer: the load counts each class apart. */
const classify = (status: number, head: string): string | undefined => {
  if (status === 503 && /\r\nx-manta-reason: *actor_died/i.test(head)) return outcomes.unsaveable;
  if (status === 200 && /\r\nx-manta-retries: /i.test(head)) return outcomes.retried;
  return undefined;
};

/** The mix of the walk: GET, POST that its author lets repeat, POST that may not be repeated, and one through two deployments that let repeat. */
export const traffic: readonly TrafficClass[] = [
  {
    name: "GET",
    repeatable: true,
    request: { name: "GET", weight: 2, path: "/pid", classify, expect: (_status, body) => body.startsWith('{"pid":') },
  },
  {
    name: "POST repeatable",
    repeatable: true,
    request: {
      name: "POST repeatable",
      method: "POST",
      path: "/echo",
      body: "hello",
      classify,
      expect: (_status, body) => body === "hello",
    },
  },
  {
    name: "POST",
    repeatable: false,
    request: {
      name: "POST",
      method: "POST",
      path: "/once",
      body: "hello",
      classify,
      expect: (_status, body) => body === "hello",
    },
  },
  {
    name: "POST fruit",
    repeatable: true,
    request: {
      name: "POST fruit",
      method: "POST",
      path: "/fruit/",
      headers: json,
      body: '["PEAR", 12]',
      classify,
      expect: (_status, body) => body === "12",
    },
  },
];
