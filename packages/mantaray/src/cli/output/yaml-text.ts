import { Document, Scalar, visit } from "yaml";

/** How YAML is printed here: single quotes and long lines as the reference's tools do. */
const stringifyOptions = { singleQuote: true, lineWidth: 0, nullStr: "null" } as const;

/** A value as YAML. Keys named in `floats` show at least one decimal. */
export const yamlText = (value: unknown, options: { indent?: number; floats?: readonly string[] } = {}): string => {
  const document = new Document(value, {
    aliasDuplicateObjects: false,
    // Quotes what a reader of YAML 1.1 would take for something else: yes, no, times.
    version: "1.1",
  });
  visit(document, {
    Pair: (_, pair) => {
      const isFloat = options.floats?.includes(String((pair.key as Scalar).value)) ?? false;
      if (isFloat && pair.value instanceof Scalar && typeof pair.value.value === "number") {
        pair.value.minFractionDigits = 1;
      }
    },
  });
  return document.toString({ ...stringifyOptions, indent: options.indent ?? 2 });
};

/** One entry as the State commands print it: a document between `---` and `...`. */
export const stateEntryYaml = (entry: unknown): string => `---\n${yamlText(entry, { indent: 4 })}...\n`;

/** A list, likewise; its entries stand four columns in, as the reference prints them. */
export const stateListYaml = (entries: readonly unknown[]): string => {
  const items = entries.map((entry) => {
    const lines = yamlText(entry, { indent: 4 }).trimEnd().split("\n");
    return lines.map((line, index) => (index === 0 ? `-   ${line}` : line === "" ? "" : `    ${line}`)).join("\n");
  });
  return `---\n${items.join("\n")}\n...\n`;
};
