/**
 * Gives a lazy class the members of the real one which it does not define itself: each is looked up on
 * the real object, made for the purpose. So a lazy object has every member that this Node knows.
 */
export const forwardMembers = <Lazy extends object>(
  lazyPrototype: Lazy,
  realPrototype: object,
  realOf: (lazy: Lazy) => object,
): void => {
  for (const name of Object.getOwnPropertyNames(realPrototype)) {
    if (name === "constructor" || Object.hasOwn(lazyPrototype, name)) continue;
    const member = Object.getOwnPropertyDescriptor(realPrototype, name);
    if (member === undefined) continue;
    if (member.get !== undefined) {
      const forwarded = function (this: Lazy): unknown {
        return Reflect.get(realOf(this), name);
      };
      Object.defineProperty(lazyPrototype, name, { get: forwarded, enumerable: true, configurable: true });
    } else if (typeof member.value === "function") {
      const method = member.value as (...args: unknown[]) => unknown;
      const forwarded = function (this: Lazy, ...args: unknown[]): unknown {
        return method.apply(realOf(this), args);
      };
      Object.defineProperty(forwarded, "name", { value: name });
      Object.defineProperty(lazyPrototype, name, {
        value: forwarded,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
  // `constructor` is inherited: whatever is global at the time.
  Reflect.deleteProperty(lazyPrototype, "constructor");
  Object.setPrototypeOf(lazyPrototype, realPrototype);
};
