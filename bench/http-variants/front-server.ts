import { silentLog } from "../../packages/mantaray/src/base/log.ts";
import { createHttpFront } from "../../packages/mantaray/src/serve/proxy/http/front.ts";
import { announce } from "./serve-child.ts";

// The HTTP front alone: it answers at once what a replica would have answered.
const head = Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\n");
const body = Buffer.from("0123456789");
const whole = { streamed: false, bodyless: false, end: true };

const front = createHttpFront({
  log: silentLog,
  dispatch: (exchange) => {
    if (exchange.requestEnded) {
      exchange.respondRaw(head, body, whole);
      return;
    }
    exchange.handler = {
      onBody: () => {},
      onBodyEnd: () => exchange.respondRaw(head, body, whole),
      onClientGone: () => {},
      onWritable: () => {},
    };
    exchange.readBody();
  },
});
await front.listen({ host: "127.0.0.1", port: 0 });
announce(front.port);
