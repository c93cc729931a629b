import type { LocalImage } from "./image-registry.ts";

/**
 * The machine's own redis-server. All pods share the host's network: one that listened on 0.0.0.0 would be in the way of
 * every other pod's 6379, so its `bind` is the pod's address, whatever its configuration says. redis-cli asks the pod
 * where it would ask 127.0.0.1.
 */
export const redisImage: LocalImage = {
  match: /^(docker\.io\/)?((library|bitnami)\/)?redis(:|@|$)/,
  entrypoint: [],
  cmd: ["redis-server"],
  workingDir: "/data",
  writableFolders: ["/data"],
  scripts: {
    "redis-server": '#!/bin/sh\nexec /usr/bin/redis-server "$@" --bind "$(cat /etc/.pod/ip)"\n',
    "redis-cli":
      '#!/bin/sh\nfor word in "$@"; do case "$word" in -h|-u|--uri) exec /usr/bin/redis-cli "$@";; esac; done\n' +
      'exec /usr/bin/redis-cli -h "$(cat /etc/.pod/ip)" "$@"\n',
  },
};
