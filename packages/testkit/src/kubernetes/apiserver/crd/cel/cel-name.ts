/** Words that are no names in CEL. */
const reserved: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/**
 * A property's name as rules write it: `__`, `.`, `-`, `/` and CEL's own words are escaped.
 * https://kubernetes.io/docs/reference/using-api/cel/#escaping
 */
export function celName(property: string): string {
  if (reserved.has(property)) return `__${property}__`;
  return property
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}
