/**
 * Lives in a namespace and connects there on behalf of a test outside: each connection to the unix socket of its first
 * argument says in a first line `host port` where it wants to go. (Unix sockets are files: no namespace hides them.)
 */
import { connect, createServer, type Socket } from "node:net";

const [, , path = ""] = process.argv;

const lineBytesMax = 64;

const server = createServer((outer) => {
  outer.on("error", () => outer.destroy());
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\n");
    if (end < 0) {
      if (head.length > lineBytesMax) outer.destroy();
      return;
    }
    outer.off("data", onData);
    outer.pause();
    const [host = "", port = "0"] = head.toString("latin1", 0, end).split(" ");
    join(outer, host, Number(port), head.subarray(end + 1));
  };
  outer.on("data", onData);
});

const join = (outer: Socket, host: string, port: number, first: Buffer): void => {
  const inner = connect({ host, port });
  inner.on("error", () => outer.destroy());
  inner.on("close", () => outer.destroy());
  outer.on("close", () => inner.destroy());
  if (first.length > 0) inner.write(first);
  inner.pipe(outer);
  outer.pipe(inner);
};

server.listen(path, () => process.stdout.write("up\n"));
// It ends with the test that started it, however that ends.
process.stdin.on("end", () => process.exit()).resume();
