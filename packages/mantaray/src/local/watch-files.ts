import { watch } from "node:fs";
import type { Clock, Timer } from "../base/clock.ts";

/** Editors write a file in several steps. */
const settleMs = 100;
const ignored = /(^|\/)(node_modules|dist|\.git)(\/|$)/;

/** Calls back once after each burst of changes below the folders. Returns the function that ends it. */
export const watchFiles = (
  folders: readonly string[],
  clock: Clock,
  onChange: (file: string) => void,
): (() => void) => {
  let timer: Timer | undefined;
  const watchers = [...new Set(folders)].map((folder) =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file === null || ignored.test(file)) return;
      timer?.cancel();
      timer = clock.after(settleMs, () => onChange(file));
    }),
  );
  return () => {
    timer?.cancel();
    for (const watcher of watchers) watcher.close();
  };
};
