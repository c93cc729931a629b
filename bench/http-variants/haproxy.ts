import { startForeignProxy } from "./foreign-proxy.ts";
import type { StartVariant } from "./variant.ts";

/** haproxy with one thread, kept-alive connections to one bare `node:http` server. */
export const start: StartVariant = () =>
  startForeignProxy({
    program: "haproxy",
    arguments: (configPath) => ["-db", "-f", configPath],
    config: ({ listen, upstream }) => `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:${listen}
  default_backend servers
backend servers
  balance random(2)
  server one 127.0.0.1:${upstream} maxconn 256
`,
  });
