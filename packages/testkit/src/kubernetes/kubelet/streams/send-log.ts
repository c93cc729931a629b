import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { ApiError } from "../../api/api-error.ts";
import type { PodLogRequest } from "../../apiserver/pod-streams.ts";
import type { KubeletClock } from "../clock.ts";
import { kubeletLimits } from "../limits.ts";
import { type LogLine, readLines } from "../pods/container-log.ts";
import type { PodWorker } from "../pods/pod-worker.ts";
import type { Pod } from "../types.ts";
import { findContainer } from "./find-container.ts";

interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly sinceMs: number | undefined;
  readonly stream: "stdout" | "stderr" | undefined;
}

/** Answers with a container's output. Throws `ApiError` (BadRequest) before anything is sent. */
export const sendLog = async (
  { pod, query, response }: PodLogRequest,
  worker: PodWorker | undefined,
  clock: KubeletClock,
): Promise<void> => {
  const wanted = parseQuery(query, clock.wallMs());
  const runner = findContainer(pod as Pod, worker, query.get("container"));
  const { log } = runner;
  if (wanted.previous) {
    const file = runner.previousLogFile;
    if (file === undefined) throw notThere("previous terminated container", runner.name, pod as Pod);
    startText(response);
    response.end(text(select(readLines(file), wanted), wanted));
    return;
  }
  if (log === undefined) {
    const reason = runner.status.state?.waiting?.reason ?? "ContainerCreating";
    const name = `container ${JSON.stringify(runner.name)} in pod ${JSON.stringify(pod.metadata.name)}`;
    throw new ApiError("BadRequest", `${name} is waiting to start: ${reason}`);
  }
  startText(response);
  const first = text(select(log.lines(), wanted), wanted);
  if (!wanted.follow) {
    response.end(first);
    return;
  }
  response.flushHeaders();
  response.write(first);
  let leftBytes = wanted.limitBytes === undefined ? Infinity : wanted.limitBytes - first.length;
  const stop = log.follow((line) => {
    if (line === undefined || leftBytes <= 0) {
      response.end();
      return;
    }
    if (wanted.stream !== undefined && line.stream !== wanted.stream) return;
    const chunk = lineText(line, wanted).subarray(0, leftBytes);
    leftBytes -= chunk.length;
    response.write(chunk);
    // Who does not read must not fill our memory.
    if (response.writableLength > kubeletLimits.logBacklogBytesMax) response.destroy();
  });
  await once(response, "close");
  stop();
};

const startText = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-cache, private" });
};

const notThere = (what: string, name: string, pod: Pod): ApiError =>
  new ApiError("BadRequest", `${what} ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)} not found`);

const parseQuery = (query: URLSearchParams, nowMs: number): LogQuery => {
  const sinceSeconds = numberOf(query, "sinceSeconds", 1);
  const sinceTime = query.get("sinceTime");
  if (sinceSeconds !== undefined && sinceTime !== null)
    throw new ApiError("BadRequest", "at most one of `sinceTime` or `sinceSeconds` may be specified");
  const sinceMs = sinceTime === null ? undefined : Date.parse(sinceTime);
  if (Number.isNaN(sinceMs)) throw new ApiError("BadRequest", `sinceTime is no time: ${sinceTime}`);
  const stream = query.get("stream");
  return {
    follow: isTrue(query, "follow"),
    previous: isTrue(query, "previous"),
    timestamps: isTrue(query, "timestamps"),
    tailLines: numberOf(query, "tailLines", 0),
    limitBytes: numberOf(query, "limitBytes", 1),
    sinceMs: sinceSeconds === undefined ? sinceMs : nowMs - sinceSeconds * 1_000,
    stream: stream === "Stdout" ? "stdout" : stream === "Stderr" ? "stderr" : undefined,
  };
};

const isTrue = (query: URLSearchParams, name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");

const numberOf = (query: URLSearchParams, name: string, least: number): number | undefined => {
  const value = query.get(name);
  if (value === null) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new ApiError("BadRequest", `${name} must be a whole number of at least ${least}, got ${JSON.stringify(value)}`);
};

const select = (lines: readonly LogLine[], query: LogQuery): readonly LogLine[] => {
  const { sinceMs, stream, tailLines } = query;
  const found = lines.filter(
    (line) =>
      (stream === undefined || line.stream === stream) && (sinceMs === undefined || Date.parse(line.time) >= sinceMs),
  );
  if (tailLines === undefined || found.length === 0) return found;
  if (tailLines === 0) return [];
  let from = found.length - 1;
  for (let left = tailLines; from > 0; from -= 1) {
    // The pieces of a long line are one line.
    if (found[from - 1]?.partial !== true) left -= 1;
    if (left === 0) break;
  }
  return found.slice(from);
};

const text = (lines: readonly LogLine[], query: LogQuery): Buffer => {
  const whole = Buffer.concat(lines.map((line) => lineText(line, query)));
  return query.limitBytes === undefined ? whole : whole.subarray(0, query.limitBytes);
};

const lineText = (line: LogLine, query: LogQuery): Buffer =>
  Buffer.from(`${query.timestamps ? `${line.time} ` : ""}${line.text}${line.partial ? "" : "\n"}`, "latin1");
