import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { waitFor } from "mantaray/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { isAlive } from "../processes.ts";
import { Fabric, type FabricMember } from "./fabric.ts";
import { namespaceFile, within } from "./ip.ts";
import { netnsMissing } from "./support.ts";

const missing = netnsMissing();

const listenScript = `require("net").createServer((socket) => socket.end("here")).listen(5000, () => console.log("up"))`;
const dialScript = `
  const socket = require("net").connect({ host: process.argv[1], port: 5000, timeout: 400 });
  socket.on("data", (bytes) => { console.log(String(bytes)); process.exit(); });
  socket.on("timeout", () => { console.log("silence"); process.exit(); });
  socket.on("error", (error) => { console.log(error.code); process.exit(); });`;

/** A listener on port 5000 of the member. */
const listenAt = async ({ namespace }: FabricMember): Promise<number> => {
  const [command, ...args] = within(namespace, [process.execPath, "-e", listenScript]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child.pid as number;
};

const dialFrom = ({ namespace }: FabricMember, { ip }: FabricMember): string => {
  const [command, ...args] = within(namespace, [process.execPath, "-e", dialScript, ip]);
  return spawnSync(command, args, { encoding: "utf8" }).stdout.trim();
};

describe.skipIf(missing !== undefined)(`a fabric of namespaces${missing === undefined ? "" : ` (${missing})`}`, () => {
  it("joins its members, drops in silence what is cut, pair by pair and by direction, and ends with everything in it", async () => {
    const fabric = new Fabric();
    onTestFinished(() => fabric.close());
    const [a, b, c] = [fabric.add("a"), fabric.add("b"), fabric.add("c")];
    const pid = await listenAt(b);
    expect(dialFrom(a, b)).toBe("here");
    fabric.cut([a, b]);
    expect([dialFrom(a, b), dialFrom(c, b)]).toEqual(["silence", "here"]);
    fabric.heal();
    expect(dialFrom(a, b)).toBe("here");
    fabric.cut([b, a], [b, c]);
    fabric.heal([b, c]);
    expect([dialFrom(a, b), dialFrom(c, b)]).toEqual(["silence", "here"]);
    fabric.close();
    await waitFor(() => !isAlive(pid), { timeoutMs: 5_000, what: "the end of the listener" });
    expect([a, b, c].map(({ namespace }) => existsSync(namespaceFile(namespace)))).toEqual([false, false, false]);
  });

  it("leaves nothing behind when its owner is killed: the next one tidies up", async () => {
    const script = `
      import { Fabric } from ${JSON.stringify(new URL("fabric.ts", import.meta.url).href)};
      console.log(new Fabric().add("left").namespace);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [bytes] = (await once(child.stdout, "data")) as [Buffer];
    const left = namespaceFile(bytes.toString().trim());
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    expect(existsSync(left)).toBe(true);
    new Fabric().close();
    expect(existsSync(left)).toBe(false);
  });
});
