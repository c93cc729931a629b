import type { Container } from "kubernetes-types/core/v1.d.ts";
import { parseQuantity, type Quantity } from "../quantity.ts";

/** A container's amounts: requests, and limits where a request is missing (reference, section 1.4). */
export const effectiveRequests = (container: Container): ReadonlyMap<string, Quantity> => {
  const texts = { ...container.resources?.limits, ...container.resources?.requests };
  const amounts = Object.entries(texts).map(([key, text]) => [key, parseQuantity(text as string | number)] as const);
  return new Map(amounts.filter((entry): entry is readonly [string, Quantity] => entry[1] !== undefined));
};

/** A container's limit, else undefined. */
export const limitOf = (container: Container, key: string): Quantity | undefined => {
  const text: string | number | undefined = container.resources?.limits?.[key];
  return text === undefined ? undefined : parseQuantity(text);
};

/** A container's request, else undefined. */
export const requestOf = (container: Container, key: string): Quantity | undefined => {
  const text: string | number | undefined = container.resources?.requests?.[key];
  return text === undefined ? undefined : parseQuantity(text);
};

/** Whether a resource counts as a GPU: its name ends in `gpu`, or it is a slice of an NVIDIA one. */
export const isGpu = (key: string): boolean => key.endsWith("gpu") || key.startsWith("nvidia.com/mig-");

/** Resource of a TPU. */
export const tpuKey = "google.com/tpu";
