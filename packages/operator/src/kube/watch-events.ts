import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { WatchEvent } from "./kube-api.ts";
import { KubeError } from "./kube-error.ts";
import { kubeLimits } from "./limits.ts";
import type { KubeObject } from "./objects.ts";
import { errorOfStatus } from "./response-error.ts";

/**
 * The events of a watch's body, one JSON object a line. Throws what an `ERROR` event says; an unknown type, a line
 * that is no JSON or too long is an error too: to go on would mean to have missed something.
 */
export async function* watchEvents<T extends KubeObject>(body: Readable, what: string): AsyncGenerator<WatchEvent<T>> {
  for await (const line of lines(body, what)) {
    const event = parse(line, what);
    if (event.type === "ERROR") throw errorOfStatus(500, event.object, what);
    if (!known.has(event.type)) throw new KubeError(0, "Unreachable", `${what}: unknown event type "${event.type}"`);
    yield event as WatchEvent<T>;
  }
}

const known: ReadonlySet<string> = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

const parse = (line: string, what: string): { readonly type: string; readonly object: unknown } => {
  try {
    return JSON.parse(line) as { type: string; object: unknown };
  } catch (error) {
    throw new KubeError(0, "Unreachable", `${what}: a line that is no JSON: ${line.slice(0, 100)}`, {}, error);
  }
};

async function* lines(body: Readable, what: string): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest: string[] = [];
  let restLength = 0;
  for await (const chunk of body) {
    const parts = decoder.write(chunk as Buffer).split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      const line = rest.length === 0 ? part : rest.join("") + part;
      rest = [];
      restLength = 0;
      if (line.trim() !== "") yield line;
    }
    rest.push(last);
    restLength += last.length;
    if (restLength > kubeLimits.watchLineBytesMax)
      throw new KubeError(0, "ResponseTooLarge", `${what}: an event is over ${kubeLimits.watchLineBytesMax} bytes`);
  }
}
