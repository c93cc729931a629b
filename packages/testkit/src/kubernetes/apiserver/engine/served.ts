import type { KubeObject } from "../../api/objects.ts";
import { freezeJson } from "../json.ts";
import type { ResourceDefinition } from "../plugins.ts";
import { apiVersionOf } from "./write-request.ts";

/**
 * Stored objects in the versions they are served in, and their JSON text, each made once: a list or watch of what did
 * not change costs no serialization, and an event is turned into bytes once for all who watch.
 */
export class Served {
  readonly #versions = new WeakMap<KubeObject, Map<string, KubeObject>>();
  readonly #texts = new WeakMap<KubeObject, string>();
  #latest: { readonly object: KubeObject; readonly text: string; readonly lines: Map<string, Buffer> } | undefined;

  /** The object in the definition's version. */
  object(definition: ResourceDefinition, stored: KubeObject): KubeObject {
    if (stored.apiVersion === apiVersionOf(definition)) return stored;
    let versions = this.#versions.get(stored);
    if (versions === undefined) {
      versions = new Map();
      this.#versions.set(stored, versions);
    }
    const key = `${definition.group}/${definition.version}`;
    let object = versions.get(key);
    if (object === undefined) {
      object = freezeJson(definition.fromStorage(stored));
      versions.set(key, object);
    }
    return object;
  }

  /** The JSON text of a frozen object that `object` gave. The latest is remembered: an event and the answer to its write. */
  text(object: KubeObject): string {
    if (this.#latest?.object !== object) {
      this.#latest = { object, text: this.#texts.get(object) ?? JSON.stringify(object), lines: new Map() };
    }
    return this.#latest.text;
  }

  /** The text of an object in a list, kept as long as the object lives: the next list will want it, too. */
  listText(object: KubeObject): string {
    let text = this.#texts.get(object);
    if (text === undefined) {
      text = JSON.stringify(object);
      this.#texts.set(object, text);
    }
    return text;
  }

  /** A line of a watch: bytes made once for all who watch. */
  line(type: string, object: KubeObject): Buffer {
    const text = this.text(object);
    const lines = this.#latest?.lines;
    let line = lines?.get(type);
    if (line === undefined) {
      line = Buffer.from(`{"type":"${type}","object":${text}}\n`);
      lines?.set(type, line);
    }
    return line;
  }
}
