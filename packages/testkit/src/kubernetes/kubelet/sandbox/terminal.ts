/**
 * A command that runs the program on a terminal of its own, whose other end is our pipes: `script` of util-linux makes it.
 * https://man7.org/linux/man-pages/man1/script.1.html
 */
export const onTerminal = (argv: readonly string[]): string[] => [
  "script",
  "--quiet",
  "--return",
  "--echo",
  "never",
  "--command",
  `exec ${argv.map(quote).join(" ")}`,
  "/dev/null",
];

/** Sets the size of a terminal by its device. */
export const resizeTerminal = (device: string, width: number, height: number): string[] => [
  "stty",
  "-F",
  device,
  "cols",
  String(width),
  "rows",
  String(height),
];

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
