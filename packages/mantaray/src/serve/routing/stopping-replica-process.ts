/**
 * A replica at the level of the protocol: listens on the unix socket of its first argument and on TCP, writes
 * the body of each request that it begins to the file of its second, and answers with that body. A body
 * `wait:<ms>` is answered after so long.
 */
import { appendFileSync } from "node:fs";
import { systemClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { listen } from "../../rpc/index.ts";
import { type InStream, type StreamAcceptor, streamKinds } from "../../rpc/types.ts";

const [, , unix = "", file = ""] = process.argv;

const answer = (stream: InStream, text: string): void => {
  appendFileSync(file, `${text}\n`);
  const [kind, ms = "0"] = text.split(":");
  const respond = (): void => stream.respond(Buffer.from("ok"), Buffer.from(text), true);
  if (kind === "wait") systemClock.after(Number(ms), respond);
  else respond();
};

const acceptor: StreamAcceptor = (stream, _head, body) => {
  const text = body.toString();
  return {
    onStart: () => answer(stream, text),
    onData: () => undefined,
    onEnd: () => undefined,
    onReset: () => undefined,
    onWritable: () => undefined,
  };
};

const server = await listen([unix, "tcp:127.0.0.1:0"], {
  token: "",
  identity: { role: "worker", id: String(process.pid) },
  log: silentLog,
  onLink: (link) => {
    link.accept(streamKinds.invoke, acceptor);
    link.accept(streamKinds.http, acceptor);
  },
});
process.on("disconnect", () => process.exit());
process.send?.(server.addresses[1]);
