import { isObject, type JsonObject } from "../../json.ts";
import { canonicalQuantity, parseQuantity } from "../../quantity.ts";
import type { FieldTypes } from "./field-types.ts";

/** A value that does not fit the type of its field. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** Takes out of a value what its type does not know, and refuses what does not fit. Gives the value to store. */
export type Decode = (value: unknown, path: string, unknownFields: string[]) => unknown;

/** Decodes values of built-in types as the API server does: functions are made once a type. */
export class Decoder {
  readonly #types: FieldTypes;
  readonly #made = new Map<string, Decode>();

  constructor(types: FieldTypes) {
    this.#types = types;
  }

  /** Throws `DecodeError`. Changes `value`, but for its frozen parts: a patch shares those with what is stored. */
  decode(type: string, value: unknown): { value: unknown; unknownFields: string[] } {
    const unknownFields: string[] = [];
    return { value: this.#of(type, type)(value, "", unknownFields), unknownFields };
  }

  #of(text: string, owner: string): Decode {
    const scalar = scalars[text];
    if (scalar !== undefined) return (value, path) => scalar(value, path, owner);
    const made = this.#made.get(text);
    if (made !== undefined) return made;
    if (text.startsWith("[")) return this.#list(text.slice(1, -1), owner);
    if (text.startsWith("{")) return this.#map(text.slice(1, -1), owner);
    return this.#object(text);
  }

  #list(items: string, owner: string): Decode {
    const decode = this.#of(items, owner);
    return (value, path, unknownFields) => {
      if (!Array.isArray(value)) throw misfit(value, path, owner, `[]${goType(items)}`);
      const list = Object.isFrozen(value) ? [...(value as unknown[])] : (value as unknown[]);
      for (let index = 0; index < list.length; index++)
        list[index] = decode(list[index], `${path}[${index}]`, unknownFields);
      return list;
    };
  }

  #map(values: string, owner: string): Decode {
    const decode = this.#of(values, owner);
    return (value, path, unknownFields) => {
      if (!isObject(value)) throw misfit(value, path, owner, `map[string]${goType(values)}`);
      const map = Object.isFrozen(value) ? { ...value } : value;
      for (const key of Object.keys(map)) map[key] = decode(map[key] ?? "", join(path, key), unknownFields);
      return map;
    };
  }

  #object(type: string): Decode {
    const fields = this.#types[type];
    if (fields === undefined) return (value) => value;
    const decoders = new Map<string, Decode>();
    const decode: Decode = (value, path, unknownFields) => {
      if (!isObject(value)) throw misfit(value, path, type, `v1.${shortName(type)}`);
      const object = Object.isFrozen(value) ? { ...value } : value;
      for (const name of Object.keys(object))
        this.#field(object, name, { fields, decoders, type, path, unknownFields });
      return object;
    };
    this.#made.set(type, decode);
    return decode;
  }

  #field(object: JsonObject, name: string, at: FieldContext): void {
    const text = Object.hasOwn(at.fields, name) ? at.fields[name] : undefined;
    if (text === undefined) {
      at.unknownFields.push(join(at.path, name));
      delete object[name];
      return;
    }
    // A null is a field that is not there, for a type of Go.
    if (object[name] === null && text !== "any") {
      delete object[name];
      return;
    }
    let decode = at.decoders.get(name);
    if (decode === undefined) {
      decode = this.#of(text.replace(/!$/u, ""), at.type);
      at.decoders.set(name, decode);
    }
    const value = object[name];
    const decoded = decode(value, join(at.path, name), at.unknownFields);
    if (decoded !== value) object[name] = decoded;
  }
}

interface FieldContext {
  readonly fields: Readonly<Record<string, string>>;
  readonly decoders: Map<string, Decode>;
  readonly type: string;
  readonly path: string;
  readonly unknownFields: string[];
}

type DecodeScalar = (value: unknown, path: string, owner: string) => unknown;

const scalars: Readonly<Record<string, DecodeScalar>> = {
  any: (value) => value,
  string: expecting("string", (value) => typeof value === "string"),
  boolean: expecting("bool", (value) => typeof value === "boolean"),
  int: expecting("int32", (value) => Number.isInteger(value)),
  number: expecting("float64", (value) => typeof value === "number"),
  time: expecting("Time", (value) => typeof value === "string"),
  "int-or-string": expecting("IntOrString", (value) => typeof value === "string" || Number.isInteger(value)),
  quantity: (value, path, owner) => {
    if (typeof value !== "number" && typeof value !== "string") throw misfit(value, path, owner, "resource.Quantity");
    if (parseQuantity(value) !== undefined) return canonicalQuantity(String(value));
    throw new DecodeError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  },
};

function expecting(type: string, fits: (value: unknown) => boolean): DecodeScalar {
  return (value, path, owner) => {
    if (!fits(value)) throw misfit(value, path, owner, type);
    return value;
  };
}

function misfit(value: unknown, path: string, owner: string, type: string): DecodeError {
  const field = `${shortName(owner)}.${path.replaceAll(/\[\d+\]/gu, "")}`;
  return new DecodeError(`json: cannot unmarshal ${jsonType(value)} into Go struct field ${field} of type ${type}`);
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function goType(text: string): string {
  const known: Readonly<Record<string, string>> = {
    string: "string",
    int: "int32",
    boolean: "bool",
    quantity: "resource.Quantity",
  };
  return known[text] ?? `v1.${shortName(text)}`;
}

function shortName(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
