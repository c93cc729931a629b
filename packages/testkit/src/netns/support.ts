import { Fabric } from "./fabric.ts";

/** Why this machine cannot run tests of partitions; undefined when it can. */
export const netnsMissing = (): string | undefined => {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  try {
    const fabric = new Fabric();
    try {
      fabric.cut([fabric.add("a"), fabric.add("b")]);
    } finally {
      fabric.close();
    }
    return undefined;
  } catch (error) {
    return `no network namespaces here (Debian's package iproute2 and a kernel with veth): ${(error as Error).message}`;
  }
};
