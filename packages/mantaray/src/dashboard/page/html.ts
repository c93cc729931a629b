const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that is safe to put into a page as it is. Made only by `html`. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Html[];

/** A piece of a page: every value is escaped unless it is `Html` already. */
export const html = (strings: TemplateStringsArray, ...values: readonly Part[]): Html =>
  new Html(
    strings.reduce((text, string, index) => text + (index === 0 ? "" : render(values[index - 1] ?? null)) + string, ""),
  );

const render = (part: Part): string => {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map((piece) => piece.text).join("");
  return String(part).replace(/[&<>"']/g, (character) => escapes[character] ?? "");
};
