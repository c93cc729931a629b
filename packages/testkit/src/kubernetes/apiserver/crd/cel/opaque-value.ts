import { type CelInput, type CelValue, isCelMap } from "@bufbuild/cel";

/**
 * Values of types that CEL does not know by itself (quantities, URLs, addresses): maps with one member whose name no
 * JSON object would have. They compare equal when their contents do.
 */
export function opaqueValue(type: string, content: CelInput): CelInput {
  return new Map<string, CelInput>([[`\u0000${type}`, content]]);
}

/** The content of an opaque value. Throws `TypeError` on any other value. */
export function opaqueContent(type: string, value: CelValue): CelValue {
  const content = isCelMap(value) ? value.get(`\u0000${type}`) : undefined;
  if (content === undefined) throw new TypeError(`the value is no ${type}`);
  return content;
}
