import { isIP, isIPv4, isIPv6 } from "node:net";
import { parseDuration } from "./duration.ts";

const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/iu;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/iu;
const hostname = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/iu;

/**
 * The formats of strings that the API server checks; all others are ignored.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
export const stringFormats: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>(
  [
    ["date-time", (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text))],
    ["datetime", (text) => dateTime.test(text) && !Number.isNaN(Date.parse(text))],
    ["date", (text) => /^\d{4}-\d{2}-\d{2}$/u.test(text) && !Number.isNaN(Date.parse(text))],
    ["duration", (text) => parseDuration(text) !== undefined],
    ["byte", (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u.test(text)],
    ["email", (text) => /^[^\s@]+@[^\s@]+$/u.test(text)],
    ["uri", (text) => URL.canParse(text)],
    ["hostname", (text) => hostname.test(text)],
    ["ipv4", isIPv4],
    ["ipv6", isIPv6],
    ["cidr", isCidr],
    ["mac", (text) => /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/iu.test(text)],
    ["uuid", (text) => uuid.test(text)],
    ["uuid3", (text) => uuid.test(text)],
    ["uuid4", (text) => uuid.test(text)],
    ["uuid5", (text) => uuid.test(text)],
  ],
);

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/u.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}
