#!/usr/bin/env node
// Plain JavaScript that any Node can read: says what is wrong when this one is too old for the rest.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
// The default import: an old Node has the module, but not this function in it.
import module from "node:module";
import { constants } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const needed = [22, 19];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const newEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);

/** In an image `serve` and `ray` are this program under another name. */
const aliasArguments = basename(process.argv[1] ?? "") === "serve" ? ["serve"] : [];

hidePassword();

if (newEnough) {
  module.enableCompileCache?.();
  process.argv.splice(2, 0, ...aliasArguments);
  await import(new URL(sourceIsNewer() ? "../src/cli/main.ts" : "../dist/cli/main.js", import.meta.url).href);
} else {
  const pinned = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url));
  if (existsSync(pinned) && process.env.MANTA_REEXEC === undefined) {
    reexec(pinned);
  } else {
    process.stderr.write(
      `manta needs Node ${needed.join(".")} or newer, and this is ${process.versions.node} (${process.execPath})\n`,
    );
    process.exitCode = 1;
  }
}

/** Process lists show arguments to everybody on the machine: a password moves on in the environment. */
function hidePassword() {
  const at = process.argv.findIndex((argument) => /^--redis-password(=|$)/.test(argument));
  if (at < 2) return;
  const [option, inline] = process.argv[at].split(/=(.*)/s);
  const value = inline ?? process.argv[at + 1];
  if (value === undefined) return;
  process.argv.splice(at, inline === undefined ? 2 : 1);
  process.env.REDIS_PASSWORD = value;
  process.title = ["manta", ...process.argv.slice(2), `${option}=***`].join(" ");
}

/** In the repository: a source was changed after the last build, or nothing is built. The source runs as it is, only slower. */
function sourceIsNewer() {
  const source = fileURLToPath(new URL("../src", import.meta.url));
  if (!existsSync(source)) return false;
  const builtMs = statSync(new URL("../dist/.built", import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(source, { recursive: true, withFileTypes: true }).some(
    (entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs > builtMs,
  );
}

/** The repository pins its own Node: goes on with that one, as if it had been called. */
function reexec(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...aliasArguments, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, MANTA_REEXEC: "1" },
  });
  // A terminal signals both of us; a supervisor only this one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`manta cannot run ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
