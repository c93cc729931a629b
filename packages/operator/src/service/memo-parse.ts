/**
 * Parses each object of a cache once: caches hand out the same object until it changes, and never change one in place.
 */
export const memoParse = <Raw extends object, Parsed>(parse: (raw: Raw) => Parsed): ((raw: Raw) => Parsed) => {
  const known = new WeakMap<Raw, Parsed>();
  return (raw) => {
    const found = known.get(raw);
    if (found !== undefined) return found;
    const parsed = parse(raw);
    known.set(raw, parsed);
    return parsed;
  };
};
