/**
 * A peer in a process of its own, for tests that kill it: listens on the address of its first argument and
 * behaves as the second says. `start <n> <file>`: writes the head of each started stream to the file and
 * dies by SIGKILL within the n-th `onStart`. `open <n> <file>`: the same, within the n-th decision.
 * `stream`: answers without end. `echo`: answers with the body.
 */
import { appendFileSync } from "node:fs";
import { silentLog } from "../../base/log.ts";
import { listen } from "../listen.ts";
import { type InStream, type InStreamHandler, type StreamAcceptor, streamKinds } from "../types.ts";

const [, , address = "", mode = "", countText = "0", file = ""] = process.argv;
const dieAt = Number(countText);
let opened = 0;
let started = 0;

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
};

const handler = (onStart: () => void, onWritable: () => void = () => {}): InStreamHandler => ({
  onStart,
  onWritable,
  onData: () => {},
  onEnd: () => {},
  onReset: () => {},
});

const dying: StreamAcceptor = (_stream, head) => {
  opened += 1;
  if (mode === "open" && opened === dieAt) die();
  const name = head.toString();
  return handler(() => {
    appendFileSync(file, `${name}\n`);
    started += 1;
    if (mode === "start" && started === dieAt) die();
  });
};

const endless = (stream: InStream): InStreamHandler => {
  const fill = (): void => {
    while (stream.write(Buffer.alloc(10_000, 1))) continue;
  };
  return handler(() => {
    stream.respond(Buffer.from("endless"), null, false);
    fill();
  }, fill);
};

const echo: StreamAcceptor = (stream, _head, body, end) => ({
  ...handler(
    (
      (first) => () =>
        stream.respond(Buffer.from("echo"), first, end)
    )(Buffer.from(body)),
  ),
  // No heed of back-pressure: what waits is what the opener sent.
  onData: (chunk) => void stream.write(Buffer.from(chunk)),
  onEnd: () => stream.end(),
});

const acceptors: Readonly<Record<string, StreamAcceptor>> = { start: dying, open: dying, stream: endless, echo };

const server = await listen([address], {
  token: "token",
  identity: { role: "peer", id: String(process.pid) },
  log: silentLog,
  onLink: (link) => link.accept(streamKinds.invoke, acceptors[mode] ?? dying),
});
process.on("disconnect", () => process.exit());
process.send?.(server.addresses[0]);
