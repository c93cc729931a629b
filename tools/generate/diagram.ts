import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { layers } from "../layers.ts";

const source = fileURLToPath(new URL("../../packages/mantaray/src", import.meta.url));

/** A Mermaid diagram of which layer imports which, read from the source: `base` and `protocol`, which all use, left out. */
export const diagram = (): string => {
  const edges = new Set<string>();
  for (const file of readdirSync(source, { recursive: true }) as string[]) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const from = layerOf(file);
    if (from === undefined) continue;
    for (const [, target] of readFileSync(join(source, file), "utf8").matchAll(/from "(\.[^"]+)"/g)) {
      const to = layerOf(relative(source, resolve(source, dirname(file), target ?? "")));
      if (to === undefined || to === from || to === "base" || to === "protocol") continue;
      edges.add(`  ${id(from)} --> ${id(to)}`);
    }
  }
  const nodes = layers
    .filter((layer) => layer.name !== "base" && layer.name !== "protocol")
    .map((layer) => `  ${id(layer.name)}${layer.process === true ? `[["${layer.name}"]]` : `["${layer.name}"]`}`);
  return ["```mermaid", "flowchart BT", ...nodes, ...[...edges].toSorted(), "```"].join("\n");
};

const id = (layer: string): string => layer.replace("/", "_");

const layerOf = (file: string): string | undefined =>
  layers.map((layer) => layer.name).find((name) => file.startsWith(`${name}/`));
