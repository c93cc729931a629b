/**
 * Whether an object has everything that we want in it; more is fine, such as what the API server has filled in. Lists
 * must be as long as ours.
 */
export const hasSubset = (observed: unknown, wanted: unknown): boolean => {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(observed) &&
      observed.length === wanted.length &&
      wanted.every((item, index) => hasSubset(observed[index], item))
    );
  }
  if (typeof wanted === "object" && wanted !== null) {
    const entries = Object.entries(wanted).filter(([, value]) => value !== undefined);
    if (typeof observed !== "object" || observed === null) return entries.length === 0;
    return entries.every(([key, value]) => hasSubset((observed as Record<string, unknown>)[key], value));
  }
  // An API server leaves out what is empty or zero.
  return observed === wanted || (observed === undefined && (wanted === "" || wanted === false));
};
