import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { bin, runManta } from "./fixtures/run-manta.ts";

const noServer = { RAY_API_SERVER_ADDRESS: "http://127.0.0.1:1", RAY_DASHBOARD_ADDRESS: "http://127.0.0.1:1" };

describe("help", () => {
  it("lists every command", async () => {
    const { code, stdout } = await runManta(["--help"]);
    expect(code).toBe(0);
    for (const name of ["run", "start", "stop", "status", "health-check", "serve", "list", "get", "summary", "kill"]) {
      expect(stdout).toMatch(new RegExp(`^ +${name}\\b`, "m"));
    }
  });

  it.each([
    ["start"],
    ["stop"],
    ["status"],
    ["health-check"],
    ["list"],
    ["get"],
    ["summary"],
    ["kill", "actor"],
    ["serve", "deploy"],
  ])("of %s shows its own options", async (...words) => {
    const { code, stdout } = await runManta([...words, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: manta /);
    expect(stdout).toContain("Options:");
  });

  it("knows `help COMMAND` and the version", async () => {
    expect((await runManta(["help", "start"])).stdout).toContain("--head");
    expect((await runManta(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a reader that has seen enough", () => {
  it("ends the command without a word", async () => {
    const child = spawn(process.execPath, [bin, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("a usage error", () => {
  it.each([
    [["nonsense"]],
    [["list"]],
    [["list", "planets"]],
    [["list", "actors", "--limit", "0"]],
    [["list", "actors", "-f", "state"]],
    [["list", "actors", "--format", "xml"]],
    [["get", "actors"]],
    [["serve", "deploy"]],
    [["start"]],
    [["start", "--head", "--address", "1.2.3.4:6379"]],
    [["start", "--head", "--port", "70000"]],
    [["start", "--address", "1.2.3.4:6379", "--port", "6379"]],
    [["start", "--head", "--resources", "x"]],
    [["start", "--nonsense"]],
    [["stop", "-g", "x"]],
  ])("%j exits with 2 and says what is wrong", async (args) => {
    const { code, stdout, stderr } = await runManta(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
    expect(stderr).not.toContain("    at ");
  });
});

describe("an error", () => {
  it.each([
    [["list", "actors"], "cannot reach the API server at http://127.0.0.1:1 (ECONNREFUSED)"],
    [["serve", "status"], "cannot reach the API server at http://127.0.0.1:1 (ECONNREFUSED)"],
    [["serve", "deploy", "missing.yaml"], "there is no file"],
    [["serve", "deploy", "a:b", "novalue"], "a builder argument must be k=v"],
    [["status"], "no token"],
    [["health-check"], "no token"],
  ])("of %j is one line that names what and what to do", async (args, message) => {
    const { code, stdout, stderr } = await runManta(args, { env: noServer });
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^manta: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  it("says where the control store was looked for", async () => {
    const env = { RAY_AUTH_TOKEN: "x" };
    expect((await runManta(["status"], { env })).stderr).toContain("no cluster found");
    const away = await runManta(["health-check", "--address", "127.0.0.1:1"], { env });
    expect(away.code).toBe(1);
    expect(away.stderr).toContain("cannot reach the control store at 127.0.0.1:1");
  });
});
