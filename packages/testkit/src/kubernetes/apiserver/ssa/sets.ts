/** Both sets' elements. */
export function unionOf<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a, ...b]);
}

/** The elements that are in both. */
export function intersectionOf<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a].filter((element) => b.has(element)));
}

/** The elements of the first that are not in the second. */
export function differenceOf<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): Set<T> {
  return new Set([...a].filter((element) => !b.has(element)));
}
