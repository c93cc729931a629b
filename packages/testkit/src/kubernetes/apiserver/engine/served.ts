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
  /** Lines of the event that is being told. */
  #lines = new Map<string, Buffer>();
  #linesOf: KubeObject | undefined;

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

  /** The JSON text of a frozen object that `object` gave. */
  text(object: KubeObject): string {
    let text = this.#texts.get(object);
    if (text === undefined) {
      text = JSON.stringify(object);
      this.#texts.set(object, text);
    }
    return text;
  }

  /** A line of a watch. */
  line(type: string, object: KubeObject): Buffer {
    if (this.#linesOf !== object) {
      this.#linesOf = object;
      this.#lines = new Map();
    }
    let line = this.#lines.get(type);
    if (line === undefined) {
      line = Buffer.from(`{"type":"${type}","object":${this.text(object)}}\n`);
      this.#lines.set(type, line);
    }
    return line;
  }
}
