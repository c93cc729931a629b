import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import { parseRevision } from "../engine/list.ts";
import { watch } from "../engine/watch.ts";
import { apiVersionOf } from "../engine/write-request.ts";
import { limits } from "../limits.ts";
import type { ResourceContext } from "./context.ts";
import { listOptionsOf } from "./query.ts";
import { isTrue } from "./request-info.ts";
import { asApiError, sendError } from "./respond.ts";
import { includeOf, partialMetadata, tableOf } from "./table.ts";
import { bookmarkObject } from "./watch-streams.ts";

/** Answers a watch: a line of JSON for each event. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export const handleWatch = (context: ResourceContext): void => {
  const { deps, response, info, definition } = context;
  const { core } = deps;
  const { query } = info;
  const { since, initialEvents } = startOf(query);
  const line = lineOf(context);
  const form =
    context.representation === "metadata"
      ? (["PartialObjectMetadata", "meta.k8s.io/v1"] as const)
      : ([definition.kind, apiVersionOf(definition)] as const);
  const bookmark = (end: boolean): Buffer => {
    const object = bookmarkObject(...form, String(core.store.revision), end);
    return line("BOOKMARK", context.representation === "table" ? { ...object } : object);
  };
  let close = nothing;
  // What must fail before the first byte does: selectors, versions. From then on errors are events.
  const missed: [string, KubeObject][] = [];
  let send = (type: string, object: KubeObject): void => void missed.push([type, object]);
  let refused: unknown;
  try {
    close = watch(core, definition, {
      options: listOptionsOf(context),
      since,
      onEvent: (type, object) => send(type, object),
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === "Expired")) {
      sendError(response, error);
      return;
    }
    refused = error;
  }
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  const stream = deps.watches.open({
    response,
    timeoutMs: timeoutOf(query),
    bookmark: isTrue(query.get("allowWatchBookmarks")) && refused === undefined ? () => bookmark(false) : undefined,
    onClose: () => close(),
  });
  if (refused !== undefined) {
    stream.send(Buffer.from(`{"type":"ERROR","object":${JSON.stringify(asApiError(refused).status)}}\n`));
    stream.end();
    return;
  }
  send = (type, object) => stream.send(line(type, object));
  for (const [type, object] of missed) send(type, object);
  if (initialEvents) stream.send(bookmark(true));
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists */
const startOf = (query: URLSearchParams): { since: number | undefined; initialEvents: boolean } => {
  const version = query.get("resourceVersion") ?? "";
  const sendInitialEvents = query.get("sendInitialEvents");
  if (sendInitialEvents !== null && query.get("resourceVersionMatch") !== "NotOlderThan") {
    throw new ApiError(
      "Invalid",
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  const initialEvents = isTrue(sendInitialEvents);
  const fresh =
    initialEvents || (version === "" && sendInitialEvents === null) || (version === "0" && sendInitialEvents === null);
  return { since: fresh || version === "" ? undefined : parseRevision(version), initialEvents };
};

const timeoutOf = (query: URLSearchParams): number => {
  const seconds = Number(query.get("timeoutSeconds") ?? "");
  return seconds > 0 ? seconds * 1000 : limits.watchTimeoutMs;
};

const encode = (type: string, object: object): Buffer => Buffer.from(`${JSON.stringify({ type, object })}\n`);

const nothing = (): void => {};

/** How an event is written in the form that the client asked for. */
const lineOf = (context: ResourceContext): ((type: string, object: KubeObject) => Buffer) => {
  const { deps, definition, representation, info } = context;
  const { core } = deps;
  if (representation === "object") return (type, object) => core.served.line(type, object);
  if (representation === "metadata")
    return (type, object) => encode(type, type === "BOOKMARK" ? object : partialMetadata(object));
  const printer = core.plugins.tables.printerOf(definition);
  let first = true;
  return (type, object) => {
    const withColumns = first;
    first = false;
    const bookmark = type === "BOOKMARK";
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const options = { metadata, include: includeOf(info.query), now: new Date(core.clock.wallMs()), withColumns };
    return encode(type, tableOf(printer, bookmark ? [] : [object], options));
  };
};
