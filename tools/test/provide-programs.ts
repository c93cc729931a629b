import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const installTimeoutMs = 180_000;

interface NeededProgram {
  readonly program: string;
  readonly debianPackage: string;
  /** Which tests fail without it. */
  readonly tests: string;
  /** How others install it. */
  readonly elsewhere: string;
  readonly onlyOn?: NodeJS.Platform;
}

const neededPrograms: readonly NeededProgram[] = [
  {
    program: "redis-server",
    debianPackage: "redis-server",
    tests: "Tests of the Redis store need Redis 6 or newer",
    elsewhere: "macOS: brew install redis",
  },
  {
    program: "bwrap",
    debianPackage: "bubblewrap",
    tests: "Tests on a local Kubernetes run its pods with bubblewrap",
    elsewhere: "Fedora: dnf install bubblewrap",
    onlyOn: "linux",
  },
];

/**
 * Tests run real programs. Where one is missing and Debian's packages can be installed, that is done, and said; else it
 * is said what to install, and the tests that need it will fail with the same words.
 */
export const providePrograms = (say: (line: string) => void): void => {
  for (const needed of neededPrograms) {
    if (inPath(needed.program)) continue;
    if (needed.onlyOn === undefined || needed.onlyOn === process.platform) provide(needed, say);
  }
};

const provide = ({ program, debianPackage, tests, elsewhere }: NeededProgram, say: (line: string) => void): void => {
  if (process.getuid?.() !== 0 || !inPath("apt-get")) {
    say(`${program} is not in PATH. ${tests}:`);
    say(`  Debian, Ubuntu: apt-get install ${debianPackage}     ${elsewhere}`);
    return;
  }
  say(`${program} is not in PATH: installing Debian's package (apt-get install ${debianPackage})`);
  const install = ["install", "-y", "--no-install-recommends", debianPackage];
  const failure = aptGet(install) === undefined ? undefined : (aptGet(["update"]) ?? aptGet(install));
  say(failure === undefined ? `${program} is installed` : `${program} could not be installed: ${failure}`);
};

const inPath = (name: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Undefined when it worked, else why not. */
const aptGet = (words: readonly string[]): string | undefined => {
  const { status, error, stderr } = spawnSync("apt-get", ["-qq", ...words], {
    timeout: installTimeoutMs,
    encoding: "utf8",
    // In this run level the package starts no service: tests start their own servers.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? `apt-get ended with ${status}`;
};
