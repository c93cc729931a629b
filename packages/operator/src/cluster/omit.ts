/** A copy of an object without some of its fields. */
export const omit = <T extends object, K extends keyof T>(object: T, ...fields: readonly K[]): Omit<T, K> => {
  const left: ReadonlySet<PropertyKey> = new Set(fields);
  return Object.fromEntries(Object.entries(object).filter(([key]) => !left.has(key))) as Omit<T, K>;
};
