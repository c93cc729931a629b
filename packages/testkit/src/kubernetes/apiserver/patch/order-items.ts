import { isObject } from "../json.ts";

/**
 * The items of a merged list in their order: those that the patch names in the patch's order; the others keep theirs,
 * and stand before a named one where they stood before it. `key` is the list's merge key; undefined for scalars.
 * https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/preserve-order-in-strategic-merge-patch.md
 */
export function orderItems<T>(
  items: readonly T[],
  patchOrder: readonly unknown[],
  currentOrder: readonly unknown[],
  key: string | undefined,
): T[] {
  const patchIndexes = indexes(patchOrder, key);
  const currentIndexes = indexes(currentOrder, key);
  const rank = (item: T): number => patchIndexes.get(identity(item, key)) ?? -1;
  const place = (item: T): number => currentIndexes.get(identity(item, key)) ?? -1;
  const named = items.filter((item) => rank(item) >= 0).toSorted((a, b) => rank(a) - rank(b));
  const others = items.filter((item) => rank(item) < 0).toSorted((a, b) => place(a) - place(b));
  const ordered: T[] = [];
  let next = 0;
  for (const item of named) {
    while (next < others.length && place(item) >= 0 && place(others[next] as T) < place(item)) {
      ordered.push(others[next] as T);
      next++;
    }
    ordered.push(item);
  }
  return [...ordered, ...others.slice(next)];
}

function indexes(order: readonly unknown[], key: string | undefined): Map<unknown, number> {
  const found = new Map<unknown, number>();
  for (const [index, item] of order.entries()) {
    const id = identity(item, key);
    if (!found.has(id)) found.set(id, index);
  }
  return found;
}

function identity(item: unknown, key: string | undefined): unknown {
  return key !== undefined && isObject(item) ? item[key] : item;
}
