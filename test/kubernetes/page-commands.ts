import { docsBlocks } from "../e2e/docs-blocks.ts";

/** A command of a page. */
export interface PageCommand {
  /** Number of the heading `## Step N` that it is under; 0 before the first. */
  readonly step: number;
  readonly line: number;
  readonly text: string;
}

/** The commands of the page's ```sh blocks with this mark, in order. A line is a command, unless it ends in a backslash. */
export const pageCommands = (page: string, mark: string): PageCommand[] =>
  docsBlocks()
    .filter((block) => block.page === page && block.language === "sh" && block.mark === mark)
    .flatMap(({ text, line, step }) =>
      text
        .replaceAll(/\\\n\s*/g, "")
        .trim()
        .split("\n")
        .map((command) => ({ step, line, text: command })),
    );
