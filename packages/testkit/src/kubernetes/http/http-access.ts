import type { ApiAccess, ListOptions, ObjectId, WatchEvent } from "../api/access.ts";
import type { KubeObject, ResourceId } from "../api/objects.ts";
import type { KubeClient, WatchLine } from "./kube-client.ts";

/** What can be read of a cluster. */
export type ReadAccess = Pick<ApiAccess, "get" | "list" | "watch">;

type List = KubeObject & { readonly items: readonly KubeObject[]; readonly metadata: { resourceVersion?: string } };

/** The API of any cluster, for reading, as the test kit's own server offers it to who is in its process. */
export class HttpAccess implements ReadAccess {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async get(resource: ResourceId, { namespace, name }: ObjectId): Promise<KubeObject | undefined> {
    const path = `${pathOf(resource, namespace)}/${name}`;
    const { status, body } = await this.#client.request("GET", path);
    if (status === 404) return undefined;
    if (status >= 300) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async list(resource: ResourceId, options: ListOptions = {}): Promise<readonly KubeObject[]> {
    return (await this.#list(resource, options)).items;
  }

  /** After a watch that the server gave up, everything is told again (MODIFIED); what went meanwhile is not told. */
  watch(resource: ResourceId, options: ListOptions, onEvent: (event: WatchEvent) => void): { close(): void } {
    const state = { closed: false, end: (): void => undefined };
    void this.#follow(resource, options, onEvent, state);
    return {
      close: () => {
        state.closed = true;
        state.end();
      },
    };
  }

  async #follow(
    resource: ResourceId,
    options: ListOptions,
    onEvent: (event: WatchEvent) => void,
    state: { closed: boolean; end: () => void },
  ): Promise<void> {
    for (let type: WatchEvent["type"] = "ADDED"; !state.closed; type = "MODIFIED") {
      const { items, metadata } = await this.#list(resource, options);
      for (const object of items) onEvent({ type, object });
      const from = { watch: "true", resourceVersion: metadata.resourceVersion ?? "" };
      const watch = await this.#client.watch(pathOf(resource, options.namespace, { ...selectorsOf(options), ...from }));
      state.end = () => watch.close();
      if (state.closed) watch.close();
      for (let line = await nextOf(watch); line !== undefined; line = await nextOf(watch)) {
        if (line.type === "ERROR") watch.close();
        else if (line.type !== "BOOKMARK") onEvent({ type: line.type, object: line.object });
      }
    }
  }

  #list(resource: ResourceId, options: ListOptions): Promise<List> {
    return this.#client.ok<List>("GET", pathOf(resource, options.namespace, selectorsOf(options)));
  }
}

const nextOf = async ({ lines }: { lines: AsyncIterator<WatchLine> }): Promise<WatchLine | undefined> => {
  const { value, done } = await lines.next();
  return done === true ? undefined : value;
};

const selectorsOf = ({ labelSelector, fieldSelector }: ListOptions): Record<string, string> => ({
  ...(labelSelector === undefined ? {} : { labelSelector }),
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
});

const pathOf = (
  { group, version, plural }: ResourceId,
  namespace: string | undefined,
  query: Readonly<Record<string, string>> = {},
): string => {
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const asked = new URLSearchParams(query).toString();
  return `${base}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}${asked === "" ? "" : `?${asked}`}`;
};
