import { isIP } from "node:net";
import { type CelFunc, CelScalar, type CelValue, celFunc, celMethod, listType } from "@bufbuild/cel";
import { compilePattern } from "../schema/compile-pattern.ts";
import { stringFormats } from "../schema/formats.ts";
import { opaqueContent, opaqueValue } from "./opaque-value.ts";

const { BOOL, DYN, INT, STRING } = CelScalar;
const STRINGS = listType(STRING);

/** Regular expressions and URLs. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-regex-library */
export const textFunctions: readonly CelFunc[] = [
  celMethod("find", STRING, [STRING], STRING, function (pattern) {
    return compilePattern(pattern).exec(this)?.[0] ?? "";
  }),
  celMethod("findAll", STRING, [STRING], STRINGS, function (pattern) {
    return findAll(this, pattern);
  }),
  celMethod("findAll", STRING, [STRING, INT], STRINGS, function (pattern, countMax) {
    const found = findAll(this, pattern);
    return countMax < 0n ? found : found.slice(0, Number(countMax));
  }),
  celFunc("isURL", [STRING], BOOL, (text) => URL.canParse(text)),
  celFunc("url", [STRING], DYN, (text) => opaqueValue("url", new URL(text).href)),
  urlPart("getScheme", (url) => url.protocol.replace(/:$/u, "")),
  urlPart("getHost", (url) => url.host),
  urlPart("getHostname", (url) => url.hostname.replaceAll(/^\[|\]$/gu, "")),
  urlPart("getPort", (url) => url.port),
  urlPart("getEscapedPath", (url) => url.pathname),
  celFunc("isIP", [STRING], BOOL, (text) => isIP(text) !== 0),
  celFunc("isCIDR", [STRING], BOOL, (text) => stringFormats.get("cidr")?.(text) === true),
];

function findAll(text: string, pattern: string): string[] {
  const expression = compilePattern(pattern);
  return [...text.matchAll(new RegExp(expression.source, `${expression.flags}g`))].map((match) => match[0]);
}

function urlPart(name: string, read: (url: URL) => string): CelFunc {
  return celMethod(name, DYN, [], STRING, function (this: CelValue) {
    return read(new URL(opaqueContent("url", this) as string));
  });
}
