import { ApiError } from "../../../api/api-error.ts";
import type { JsonObject } from "../../json.ts";
import table from "./messages.json" with { type: "json" };
import { readFields } from "./wire.ts";

/** What Kubernetes' protobuf begins with. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const magic = Buffer.from("k8s\0");
const text = new TextDecoder();

interface Field {
  /** In JSON; "": the message's fields are the parent's own. */
  readonly name: string;
  readonly type: string;
  /** An empty value means something. */
  readonly keepEmpty: boolean;
}

const messages = new Map<string, ReadonlyMap<number, Field>>(
  Object.entries(table.messages).map(([name, lines]) => [name, new Map(lines.map(parseField))]),
);

/** `3! name type`: number, keeps empty values, JSON name, type (`*` list, `%` map by text). */
function parseField(line: string): [number, Field] {
  const [number = "", name = "", type = ""] = line.split(" ");
  return [Number.parseInt(number, 10), { name, type, keepEmpty: number.endsWith("!") }];
}

/**
 * A built-in object from the protobuf form in which `kubectl` sends some of its requests, as plain JSON.
 * `messages.json` has the numbers and names of fields as the Go types of k8s.io/api publish them in their tags.
 * Throws `ApiError` (BadRequest, UnsupportedMediaType for kinds that are not known).
 */
export const decodeProtobuf = (body: Uint8Array): JsonObject => {
  if (!Buffer.from(body.subarray(0, magic.length)).equals(magic)) {
    throw new ApiError("BadRequest", "the request's body does not start as Kubernetes' protobuf does");
  }
  const envelope = new Map(readFields(body.subarray(magic.length)).map(({ number, value }) => [number, value]));
  const type = new Map(
    readFields(bytesOf(envelope.get(1))).map(({ number, value }) => [number, text.decode(bytesOf(value))]),
  );
  const [apiVersion = "", kind = ""] = [type.get(1), type.get(2)];
  const packages: Readonly<Record<string, string>> = table.packages;
  const own = `${packages[apiVersion]}.${kind}`;
  const name = messages.has(own) ? own : `meta.${kind}`;
  if (!messages.has(name))
    throw new ApiError(
      "UnsupportedMediaType",
      `this server does not read ${kind} in ${apiVersion} from protobuf: send JSON`,
    );
  return { apiVersion, kind, ...decodeMessage(name, bytesOf(envelope.get(2))) };
};

const bytesOf = (value: bigint | Uint8Array | undefined): Uint8Array => {
  if (typeof value === "bigint")
    throw new ApiError("BadRequest", "the request's protobuf body has a number where a message belongs");
  return value ?? new Uint8Array();
};

const decodeMessage = (name: string, bytes: Uint8Array): JsonObject => {
  const fields = messages.get(name);
  const object: JsonObject = {};
  for (const { number, value } of readFields(bytes)) {
    const field = fields?.get(number);
    if (field !== undefined) addField(object, field, value);
  }
  return object;
};

const addField = (object: JsonObject, { name, type, keepEmpty }: Field, wire: bigint | Uint8Array): void => {
  if (type.startsWith("%")) {
    const entry = new Map(readFields(bytesOf(wire)).map(({ number, value }) => [number, value]));
    const map = (object[name] ??= {}) as JsonObject;
    map[text.decode(bytesOf(entry.get(1)))] = decodeValue(type.slice(1), entry.get(2) ?? new Uint8Array());
    return;
  }
  if (type.startsWith("*")) {
    const list = (object[name] ??= []) as unknown[];
    list.push(decodeValue(type.slice(1), wire));
    return;
  }
  const value = decodeValue(type, wire);
  if (name === "") Object.assign(object, value);
  else if (value !== undefined && (keepEmpty || !isEmpty(value))) object[name] = value;
};

const isEmpty = (value: unknown): boolean =>
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** Scalars by their letter; else a message by its name. Undefined: a time that is not set. */
const decodeValue = (type: string, wire: bigint | Uint8Array): unknown => {
  if (messages.has(type)) return decodeMessage(type, bytesOf(wire));
  switch (type) {
    case "s":
      return text.decode(bytesOf(wire));
    case "b":
      return wire === 1n;
    case "i":
      return Number(typeof wire === "bigint" ? wire : 0n);
    case "d":
      return Buffer.from(bytesOf(wire)).readDoubleLE();
    case "y":
      return Buffer.from(bytesOf(wire)).toString("base64");
    default:
      return decodeSpecial(type, bytesOf(wire));
  }
};

/** Messages that are not objects in JSON. */
const decodeSpecial = (type: string, bytes: Uint8Array): unknown => {
  const fields = readFields(bytes);
  const parts = new Map(fields.map(({ number, value }) => [number, value]));
  const [first, second, third] = [parts.get(1), parts.get(2), parts.get(3)];
  switch (type) {
    case "T":
    case "U": {
      if (typeof first !== "bigint") return undefined;
      const iso = new Date(Number(first) * 1000).toISOString();
      if (type === "T") return `${iso.slice(0, 19)}Z`;
      const micros = Math.floor(Number(typeof second === "bigint" ? second : 0n) / 1000);
      return `${iso.slice(0, 19)}.${String(micros).padStart(6, "0")}Z`;
    }
    case "Q":
      return text.decode(bytesOf(first));
    case "I":
      return first === 1n ? text.decode(bytesOf(third)) : Number(typeof second === "bigint" ? second : 0n);
    case "J":
      return JSON.parse(text.decode(bytesOf(first)) || "null") as unknown;
    case "W":
      return fields.map(({ value }) => text.decode(bytesOf(value)));
    default:
      throw new ApiError("UnsupportedMediaType", `this server does not read the protobuf type ${type}: send JSON`);
  }
};
