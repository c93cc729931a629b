import { describe, expect, test } from "vitest";
import type { WatchLine } from "../http/kube-client.ts";
import { type Connect, configMap, useCluster } from "./suite.ts";

const told = ({ type, object }: WatchLine): [string, string] => [type, object.metadata.name];

/** Watches. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export const describeWatches = (connect: Connect): void => {
  describe("watches", () => {
    const cluster = useCluster(connect);
    const merge = { contentType: "application/merge-patch+json" };

    test("a watch from a list's version tells each change since, and the last state of what is deleted", async () => {
      const { metadata } = await cluster.client.ok("GET", cluster.path("configmaps"));
      await cluster.client.ok("POST", cluster.path("configmaps"), {
        body: configMap("life", { a: "1" }, { of: "life" }),
      });
      const watch = await cluster.client.watch(
        cluster.path(`configmaps?watch=true&labelSelector=of%3Dlife&resourceVersion=${metadata.resourceVersion}`),
      );
      expect(told(await watch.next())).toEqual(["ADDED", "life"]);
      await cluster.client.ok("PATCH", cluster.path("configmaps/life"), { ...merge, body: { data: { a: "2" } } });
      expect(await watch.next()).toMatchObject({ type: "MODIFIED", object: { data: { a: "2" } } });
      await cluster.client.ok("DELETE", cluster.path("configmaps/life"));
      const last = await watch.next();
      expect(last).toMatchObject({ type: "DELETED", object: { data: { a: "2" } } });
      expect(Number(last.object.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
      watch.close();
    });

    test("without a version it starts with what there is", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("here", {}, { of: "start" }) });
      const watch = await cluster.client.watch(cluster.path("configmaps?watch=true&labelSelector=of%3Dstart"));
      expect(told(await watch.next())).toEqual(["ADDED", "here"]);
      watch.close();
    });

    test("an object that leaves the selection is DELETED, one that comes into it ADDED", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), { body: configMap("moves", {}, { of: "in" }) });
      const watch = await cluster.client.watch(cluster.path("configmaps?watch=true&labelSelector=of%3Din"));
      expect(told(await watch.next())).toEqual(["ADDED", "moves"]);
      const label = (of: string): Promise<unknown> =>
        cluster.client.ok("PATCH", cluster.path("configmaps/moves"), {
          ...merge,
          body: { metadata: { labels: { of } } },
        });
      await label("out");
      expect(await watch.next()).toMatchObject({
        type: "DELETED",
        object: { metadata: { name: "moves", labels: { of: "in" } } },
      });
      await label("in");
      expect(told(await watch.next())).toEqual(["ADDED", "moves"]);
      watch.close();
    });

    test("a streaming list ends with a bookmark that says so", async () => {
      await cluster.client.ok("POST", cluster.path("configmaps"), {
        body: configMap("streamed", {}, { of: "stream" }),
      });
      const query =
        "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=of%3Dstream";
      const watch = await cluster.client.watch(cluster.path(`configmaps?${query}`));
      expect(told(await watch.next())).toEqual(["ADDED", "streamed"]);
      const bookmark = await watch.next();
      expect(bookmark).toMatchObject({
        type: "BOOKMARK",
        object: { kind: "ConfigMap", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
      });
      expect(Number(bookmark.object.metadata.resourceVersion)).toBeGreaterThan(0);
      watch.close();
    });

    test("it ends in order after timeoutSeconds", async () => {
      const watch = await cluster.client.watch(
        cluster.path("configmaps?watch=true&timeoutSeconds=1&labelSelector=of%3Dnothing"),
      );
      expect((await watch.lines.next()).done).toBe(true);
    });

    test("a version that is forgotten is told as an error event: 410 Expired", async () => {
      const watch = await cluster.client.watch(cluster.path("configmaps?watch=true&resourceVersion=1"));
      expect(await watch.next()).toMatchObject({
        type: "ERROR",
        object: { kind: "Status", code: 410, reason: "Expired" },
      });
      watch.close();
    });
  });
};
