/** Where a walk through an object is, such as `spec.items[0].name`. One instance a walk: no text is made before it is asked for. */
export class FieldPath {
  readonly #segments: (string | number)[];

  constructor(segments: readonly (string | number)[] = []) {
    this.#segments = [...segments];
  }

  /** Walks into a member (a name) or an item (an index). */
  enter(segment: string | number): void {
    this.#segments.push(segment);
  }

  /** Walks out of what was entered last. */
  leave(): void {
    this.#segments.pop();
  }

  /** The path of a member of where the walk is. */
  child(segment: string | number): string {
    return text([...this.#segments, segment]);
  }

  toString(): string {
    return text(this.#segments);
  }
}

function text(segments: readonly (string | number)[]): string {
  let path = "";
  for (const segment of segments) {
    if (typeof segment === "number") path += `[${segment}]`;
    else path += path === "" ? segment : `.${segment}`;
  }
  return path;
}
