/** A Redis that keeps its data through a restart, at `redis:6379` in the namespace; without a password. */
export const redisManifests = (): object => ({
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "redis" },
      spec: { selector: { app: "redis" }, ports: [{ name: "redis", port: 6379 }] },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "redis" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "redis" },
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: { app: "redis" } },
        template: {
          metadata: { labels: { app: "redis" } },
          spec: {
            containers: [
              {
                name: "redis",
                image: "redis:7.4.0",
                args: ["redis-server", "--dir", "/data", "--appendonly", "yes", "--protected-mode", "no"],
                ports: [{ containerPort: 6379 }],
                readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
                volumeMounts: [{ name: "data", mountPath: "/data" }],
              },
            ],
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: "redis" } }],
          },
        },
      },
    },
  ],
});
