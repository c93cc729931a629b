import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "mantaray/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildRoot, type ImageRoot } from "./build-root.ts";

const run = promisify(execFile);

/** As a pod runs it: read-only root, a user of its own, the command as process 1; the network is this machine's. */
const sandbox = (image: ImageRoot, folder: string, command: readonly string[]): string[] => [
  ...`--ro-bind ${image.path} / --proc /proc --dev /dev --bind ${folder} /tmp --chdir ${image.workdir}`.split(" "),
  ..."--unshare-pid --unshare-user --uid 1000 --gid 1000 --as-pid-1 --die-with-parent --clearenv".split(" "),
  ..."--setenv HOME /home/ray --setenv RAY_AUTH_MODE disabled".split(" "),
  ...Object.entries(image.env).flatMap(([name, value]) => ["--setenv", name, value]),
  "--",
  ...command,
];

/** Takes minutes, root and Debian's mirror: `MANTA_TEST_IMAGE=1`. */
describe.skipIf(process.env["MANTA_TEST_IMAGE"] !== "1")("the image, made by the Dockerfile's steps", () => {
  const address = "127.77.0.1";
  let folder: string;
  let image: ImageRoot;
  let shared: string;

  const inside = async (...command: string[]): Promise<string> => {
    const { stdout } = await run("bwrap", sandbox(image, shared, command), { timeout: 60_000 });
    return stdout.trim();
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "manta-image-"));
    image = await buildRoot(folder);
    shared = join(folder, "shared");
    await run("install", ["-d", "-m", "1777", shared]);
  }, 900_000);
  afterAll(() => rm(folder, { recursive: true, force: true }), 120_000);

  it("runs as a user that is not root", async () => {
    expect(image.user).toBe("1000:1000");
    expect(await inside("id", "-un")).toBe("ray");
    expect(await inside("sh", "-c", "echo ~ray; pwd")).toBe("/home/ray\n/home/ray");
  });

  it("has both programs under all their names", async () => {
    expect(await inside("manta", "--version")).toMatch(/\d+\.\d+/);
    expect(await inside("ray", "--version")).toBe(await inside("manta", "--version"));
    expect(await inside("serve", "--help")).toContain("deploy");
    expect(await inside("manta-operator", "--version")).toMatch(/^\d+\.\d+/);
  });

  it("takes a password out of the list of processes", async () => {
    const command =
      "half=--redis-password=sec; ray health-check ${half}ret & sleep 0.2; cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    expect(await inside("bash", "-c", command)).not.toContain("password=secret");
  });

  it("starts a head as a pod does, passes the probes, and drains on SIGTERM", async () => {
    const start = `ulimit -n 65536; ray start --head --node-ip-address=${address} --dashboard-host=${address} --block`;
    const head: ChildProcess = spawn("bwrap", sandbox(image, shared, ["/bin/bash", "-c", "--", start]), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    head.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    head.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const probe =
      `wget --tries 1 -T 2 -q -O- http://${address}:52365/api/local_raylet_healthz | grep success && ` +
      `wget --tries 1 -T 10 -q -O- http://${address}:8265/api/gcs_healthz | grep success`;
    await waitFor(
      () =>
        inside("bash", "-c", probe)
          .then((text) => text.includes("success"))
          .catch(() => false),
      {
        what: "the probes of the head",
        timeoutMs: 60_000,
      },
    ).catch((error: unknown) => {
      throw new Error(`the head never passed its probes:\n${output}`, { cause: error });
    });
    const ended = once(head, "exit");
    // To the process that is 1 inside, as the kubelet does.
    const { stdout } = await run("ps", ["--ppid", String(head.pid), "-o", "pid="]);
    process.kill(Number(stdout.trim().split("\n")[0]), "SIGTERM");
    const [code] = (await ended) as [number | null];
    expect({ code, output }).toMatchObject({ code: 0 });
  });
});
