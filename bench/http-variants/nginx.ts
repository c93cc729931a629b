import { startForeignProxy } from "./foreign-proxy.ts";
import type { StartVariant } from "./variant.ts";

/** nginx with one worker, kept-alive connections to one bare `node:http` server. */
export const start: StartVariant = () =>
  startForeignProxy({
    program: "nginx",
    arguments: (configPath) => ["-e", "/dev/null", "-c", configPath],
    config: ({ listen, upstream, directory }) => `daemon off;
worker_processes 1;
pid ${directory}/pid;
error_log /dev/null;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 100000000;
  upstream servers { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${listen};
    location / {
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
  });
