import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** Word after the language: how a test treats it. */
  readonly mark: string;
  /** N of the heading `## Step N` above it; 0 where there is none. */
  readonly step: number;
  readonly text: string;
}

/** Every fenced block of README.md and docs/*.md, in order. */
export const docsBlocks = (): Block[] =>
  [
    "README.md",
    ...readdirSync(`${root}docs`)
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ].flatMap(blocksOf);

const blocksOf = (page: string): Block[] => {
  const text = readFileSync(`${root}${page}`, "utf8");
  return [...text.matchAll(/^```(\w+)(?: (\w+))?\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: match[1] ?? "",
    mark: match[2] ?? "",
    step: Number([...text.slice(0, match.index).matchAll(/^## Step (\d+)/gm)].at(-1)?.[1] ?? 0),
    text: match[3] ?? "",
  }));
};
