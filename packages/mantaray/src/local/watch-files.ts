import { watch } from "node:fs";
import { resolve, sep } from "node:path";
import type { Clock, Timer } from "../base/clock.ts";

/** Editors write a file in several steps. */
const settleMs = 100;
const ignored = /(^|\/)(node_modules|dist|\.git)(\/|$)/;
/** What an application is built from: a log that grows beside it must neither deploy nor put a deploy off. */
const sources = /\.([cm]?[jt]sx?|json|ya?ml)$/;

/**
 * Calls back once after each burst of changes of source files below the folders; `outside` is a folder that does
 * not count, though it may lie within. Returns the function that ends it.
 */
export const watchFiles = (
  options: { readonly folders: readonly string[]; readonly outside: string; readonly clock: Clock },
  onChange: (file: string) => void,
): (() => void) => {
  let timer: Timer | undefined;
  const outside = resolve(options.outside) + sep;
  const watchers = [...new Set(options.folders)].map((folder) =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file === null || ignored.test(file) || !sources.test(file)) return;
      if (resolve(folder, file).startsWith(outside)) return;
      timer?.cancel();
      timer = options.clock.after(settleMs, () => onChange(file));
    }),
  );
  return () => {
    timer?.cancel();
    for (const watcher of watchers) watcher.close();
  };
};
