/** A JSON pointer's tokens, unescaped. Throws `TypeError` on text that is none. https://www.rfc-editor.org/rfc/rfc6901 */
export function parseJsonPointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw new TypeError(`json pointer ${JSON.stringify(pointer)} does not begin with "/"`);
  return pointer.slice(1).split("/").map(unescapeToken);
}

function unescapeToken(token: string): string {
  if (/~(?![01])/u.test(token)) throw new TypeError(`json pointer token ${JSON.stringify(token)} has a lone "~"`);
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
