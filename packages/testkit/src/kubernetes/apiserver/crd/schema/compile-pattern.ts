/**
 * A regular expression of the API (RE2 syntax, as Go has it) as one of JavaScript. Beyond what both share it knows
 * `(?P<name>…)`, flags at the beginning (`(?i)`), `\A`, `\z` and POSIX classes. Throws `SyntaxError`.
 * https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(pattern: string): RegExp {
  const flags = /^\(\?([ims]+)\)/u.exec(pattern);
  const source = (flags === null ? pattern : pattern.slice(flags[0].length))
    .replaceAll("(?P<", "(?<")
    .replaceAll(String.raw`\A`, "^")
    .replaceAll(String.raw`\z`, "$")
    .replaceAll(/\[:(\w+):\]/gu, (whole, name: string) => posixClasses[name] ?? whole);
  const own = flags?.[1] ?? "";
  try {
    return new RegExp(source, `${own}u`);
  } catch {
    // Escapes such as `\-` and `\_` are fine in RE2 and refused by JavaScript's unicode mode.
    return new RegExp(source, own);
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  space: String.raw`\t\n\v\f\r `,
  xdigit: "0-9A-Fa-f",
  word: "0-9A-Za-z_",
};
