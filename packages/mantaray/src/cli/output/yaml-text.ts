import { Document, Scalar, visit } from "yaml";

/** How YAML is printed here: single quotes and long lines as the reference's tools do. */
const stringifyOptions = { singleQuote: true, lineWidth: 0, nullStr: "null" } as const;

/** A value as YAML. Keys named in `floats` show at least one decimal. */
export const yamlText = (value: unknown, options: { indent?: number; floats?: readonly string[] } = {}): string => {
  const document = new Document(value, { aliasDuplicateObjects: false });
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

/** A list or one entry as the State commands print it: a document between `---` and `...`. */
export const stateYaml = (value: unknown): string => `---\n${yamlText(value, { indent: 4 })}...\n`;
