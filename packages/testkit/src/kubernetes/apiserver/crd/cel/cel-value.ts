import type { CelInput } from "@bufbuild/cel";
import { create } from "@bufbuild/protobuf";
import { DurationSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { isObject, type JsonObject } from "../../json.ts";
import { parseDuration } from "../schema/duration.ts";
import { type JsonSchema, valuesSchema } from "../schema/json-schema.ts";
import { celName } from "./cel-name.ts";

/**
 * A JSON value as CEL sees it through its schema: numbers of `type: integer` are ints, strings of some formats are
 * timestamps and durations, members of objects have CEL names. What is below is converted when it is looked at.
 * https://kubernetes.io/docs/reference/using-api/cel/#type-system-integration
 */
export function celValue(value: unknown, schema: JsonSchema | undefined): CelInput {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return celNumber(value, schema);
  if (typeof value === "string") return celString(value, schema?.format);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (isObject(value)) return new LazyMap(value, schema);
  return value as boolean;
}

function celNumber(value: number, schema: JsonSchema | undefined): bigint | number {
  const isDouble = schema?.type === "number" || !Number.isInteger(value);
  return isDouble ? value : BigInt(value);
}

function celString(value: string, format: string | undefined): CelInput {
  switch (format) {
    case "date-time":
    case "datetime":
    case "date":
      return timestampFromDate(new Date(value));
    case "duration": {
      const nanoseconds = parseDuration(value) ?? 0n;
      return create(DurationSchema, {
        seconds: nanoseconds / 1_000_000_000n,
        nanos: Number(nanoseconds % 1_000_000_000n),
      });
    }
    case "byte":
      return Buffer.from(value, "base64");
    case undefined:
    default:
      return value;
  }
}

/** A map over an object whose members are converted when they are read. A `Map` by its prototype, as the CEL library asks. */
class LazyMap extends Map<string, CelInput> {
  readonly #object: JsonObject;
  readonly #schema: JsonSchema | undefined;
  #names: Map<string, string> | undefined;

  constructor(object: JsonObject, schema: JsonSchema | undefined) {
    super();
    this.#object = object;
    this.#schema = schema;
  }

  override get size(): number {
    return this.#members().size;
  }

  override get(name: string): CelInput | undefined {
    const member = this.#members().get(name);
    return member === undefined ? undefined : this.#convert(member);
  }

  override has(name: string): boolean {
    return this.#members().has(name);
  }

  override *entries(): MapIterator<[string, CelInput]> {
    for (const [name, member] of this.#members()) yield [name, this.#convert(member)];
    return undefined;
  }

  override keys(): MapIterator<string> {
    return this.#members().keys();
  }

  override *values(): MapIterator<CelInput> {
    for (const member of this.#members().values()) yield this.#convert(member);
    return undefined;
  }

  override forEach(callback: (value: CelInput, name: string, map: Map<string, CelInput>) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this);
  }

  override [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  #convert(member: string): CelInput {
    return celValue(this.#object[member], this.#property(member) ?? (this.#schema && valuesSchema(this.#schema)));
  }

  #property(member: string): JsonSchema | undefined {
    const properties = this.#schema?.properties;
    return properties !== undefined && Object.hasOwn(properties, member) ? properties[member] : undefined;
  }

  /** The members by their CEL names: properties are escaped, keys of maps are not. */
  #members(): Map<string, string> {
    if (this.#names !== undefined) return this.#names;
    const names = new Map<string, string>();
    for (const key of Object.keys(this.#object)) {
      if (this.#object[key] !== undefined) names.set(this.#property(key) === undefined ? key : celName(key), key);
    }
    this.#names = names;
    return names;
  }
}
