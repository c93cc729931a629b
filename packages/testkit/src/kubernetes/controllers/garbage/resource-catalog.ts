import type { CustomResourceDefinition } from "kubernetes-types/apiextensions/v1.d.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";
import { resources } from "../../api/resources.ts";
import { builtinKinds } from "../../apiserver/builtins/kinds.ts";
import { conditionOf } from "../objects/conditions.ts";
import type { Informer } from "../runtime/informer.ts";
import type { Informers } from "../runtime/informers.ts";

/** A resource that is served, as owner references and namespaces need it. */
export interface CatalogEntry {
  readonly resource: ResourceId;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly informer: Informer;
}

interface Definition extends KubeObject, Pick<CustomResourceDefinition, "spec" | "status"> {}

/** Events belong to nobody and are served under two groups. */
const isFollowed = ({ plural }: { readonly plural: string }): boolean => plural !== "events";

/** Every resource there is, built in and custom, each in one version, with its objects. */
export class ResourceCatalog {
  readonly #informers: Informers;
  readonly #entries = new Map<string, CatalogEntry>();
  readonly #listeners: ((entry: CatalogEntry) => void)[] = [];

  constructor(informers: Informers) {
    this.#informers = informers;
    for (const { group, version, kind, plural, clusterWide } of builtinKinds.filter(isFollowed))
      this.#add({ group, version, plural }, kind, clusterWide !== true);
    const definitions = informers.of<Definition>(resources.customResourceDefinitions);
    definitions.onChange(({ object, gone }) => this.#onDefinition(object, gone));
  }

  entries(): readonly CatalogEntry[] {
    return [...this.#entries.values()];
  }

  /** By group and kind: any version of it means the same objects. */
  byKind(apiVersion: string, kind: string): CatalogEntry | undefined {
    return this.#entries.get(`${groupOf(apiVersion)}/${kind}`);
  }

  /** Hears of every resource, also of those that are there. */
  onEntry(listener: (entry: CatalogEntry) => void): void {
    this.#listeners.push(listener);
    for (const entry of this.entries()) listener(entry);
  }

  #onDefinition({ spec, status }: Definition, gone: boolean): void {
    const { group, names, scope, versions } = spec;
    const key = `${group}/${names.kind}`;
    const known = this.#entries.get(key);
    if (gone) {
      if (known !== undefined) this.#informers.drop(known.resource);
      this.#entries.delete(key);
      return;
    }
    const version = versions.find(({ storage }) => storage)?.name ?? versions[0]?.name;
    const isServed = conditionOf(status?.conditions, "Established")?.status === "True";
    if (known === undefined && isServed && version !== undefined)
      this.#add({ group, version, plural: names.plural }, names.kind, scope === "Namespaced");
  }

  #add(resource: ResourceId, kind: string, namespaced: boolean): void {
    const entry = { resource, kind, namespaced, informer: this.#informers.of(resource) };
    this.#entries.set(`${resource.group}/${kind}`, entry);
    for (const listener of this.#listeners) listener(entry);
  }
}

const groupOf = (apiVersion: string): string => (apiVersion.includes("/") ? String(apiVersion.split("/")[0]) : "");
