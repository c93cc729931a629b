import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { Builder, searchPathsOf } from "./builder.ts";
import { runBuild } from "./run-build.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "manta-build-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const project = (files: Record<string, string>, name = "app"): string => {
  const root = join(dir, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const builder = (root: string): Builder =>
  new Builder({ outDir: join(dir, "out"), searchPaths: [root], clock: systemClock, env: process.env });

const bundleIdOf = async (root: string): Promise<string> => {
  const built = await builder(root).build({ importPath: "fruit:deployment_graph", args: {} });
  return built.kind === "built" ? built.bundleId : built.message;
};

const failure = async (root: string, importPath: string, args: Record<string, unknown> = {}): Promise<string> => {
  const answer = await builder(root).build({ importPath, args });
  return answer.kind === "failed" ? answer.message : `built ${answer.bundleId}`;
};

const fruit = `
import { deployment } from "mantaray";
import { price } from "./price.ts";
class FruitStand { price: number = price; check(n: number): number { return n * this.price; } }
class FruitMarket { constructor(readonly stands: Record<string, unknown>) {} fetch(): Response { return new Response("x"); } }
console.log("noise that must not damage the answer");
export const other = 1;
export const deployment_graph = deployment(FruitMarket, { numReplicas: 2 })
  .bind({ PEAR: deployment(FruitStand, { name: "PearStand", userConfig: { price: 4 } }).bind() });
`;

describe("a good application", () => {
  it("is bundled, and its deployments are listed, by either spelling of the path", async () => {
    const root = project({ "shop/fruit.ts": fruit, "shop/price.ts": "export const price = 1;" });
    const built = await builder(root).build({ importPath: "shop.fruit.deployment_graph", args: {} });
    expect(built).toMatchObject({
      kind: "built",
      ingress: "FruitMarket",
      deployments: [
        { name: "FruitMarket", options: { num_replicas: 2 }, outbound: ["PearStand"] },
        { name: "PearStand", options: { user_config: { price: 4 } }, outbound: [] },
      ],
    });
    const again = await builder(root).build({ importPath: "shop.fruit:deployment_graph", args: {} });
    expect(again).toMatchObject({ kind: "built" });
    if (built.kind !== "built" || again.kind !== "built") return;
    expect(again.bundleId).toBe(built.bundleId);
    const text = readFileSync(built.path, "utf8");
    expect(text).toContain('from "mantaray"');
    expect(text).not.toContain(root);
    expect(Buffer.from(text.split("base64,")[1] ?? "", "base64").toString("utf8")).not.toContain(root);
  });

  it("has the same hash wherever it lies, and another one when it changes", async () => {
    const files = { "fruit.ts": fruit, "price.ts": "export const price = 1;" };
    const first = await bundleIdOf(project(files, "one"));
    expect(await bundleIdOf(project(files, "quite/another"))).toBe(first);
    expect(await bundleIdOf(project({ ...files, "price.ts": "export const price = 2;" }, "three"))).not.toBe(first);
  });

  it("may be a builder, an index file, and may use packages in CommonJS", async () => {
    const root = project({
      "pkg/index.mts": `
        import { deployment } from "mantaray";
        import tool from "tool";
        const Echo = class { fetch() { return new Response(tool.join("a", "b")); } };
        export const app = (args: { name: string }) => deployment(Echo, { name: args.name }).bind();`,
      "node_modules/tool/package.json": '{ "name": "tool", "main": "index.js" }',
      "node_modules/tool/index.js": 'const path = require("path"); module.exports = { join: path.join };',
    });
    const built = await builder(root).build({ importPath: "pkg:app", args: { name: "Named" } });
    expect(built).toMatchObject({ kind: "built", deployments: [{ name: "Named" }] });
  });

  it("is not imported again when nothing changed", async () => {
    const root = project({
      "once.ts": `
        import { appendFileSync } from "node:fs";
        import { deployment } from "mantaray";
        appendFileSync(process.env.IMPORTS ?? "", "x");
        export const app = deployment(class Once {}).bind();`,
    });
    const imports = join(dir, "imports");
    const env = { ...process.env, IMPORTS: imports };
    const cached = new Builder({ outDir: join(dir, "out"), searchPaths: [root], clock: systemClock, env });
    const first = await cached.build({ importPath: "once:app", args: {} });
    expect(await cached.build({ importPath: "once:app", args: {} })).toEqual(first);
    expect(readFileSync(imports, "utf8")).toBe("x");
    await cached.build({ importPath: "once:app", args: { other: 1 } });
    expect(readFileSync(imports, "utf8")).toBe("xx");
  });
});

const failures: [string, string, string, RegExp][] = [
  ["syntax", "a.ts", "export const app = = 1;", /\/a\.ts:1:20: Unexpected "="/],
  ["TypeScript-only syntax", "a.ts", "interface A { b: \nexport const app = 1;", /\/a\.ts:\d+:\d+: /],
  [
    "missing package",
    "a.ts",
    'import x from "no-such-package";\nexport const app = x;',
    /\/a\.ts:1:15: Could not resolve "no-such-package": the package is not installed/,
  ],
  [
    "missing file",
    "a.ts",
    'import { x } from "./b.ts";\nexport const app = x;',
    /\/a\.ts:1:19: Could not resolve "\.\/b\.ts"/,
  ],
  [
    "native add-on",
    "a.ts",
    'import x from "./b.node";\nexport const app = x;',
    /native add-on cannot be put into a bundle/,
  ],
  [
    "missing export",
    "a.ts",
    "export const aap = 1, other = 2;",
    /no export app \(it has: aap, other\), did you mean aap\?/,
  ],
  ["no export at all", "a.ts", "const app = 1;", /no export app: it exports nothing/],
  [
    "wrong kind",
    "a.ts",
    "export const app = 42;",
    /export app must be an application or a function that returns one, got number/,
  ],
  [
    "unbound",
    "a.ts",
    'import { deployment } from "mantaray";\nexport const app = deployment(class A {});',
    /was not bound: export app\.bind/,
  ],
  [
    "builder's result",
    "a.ts",
    "export const app = () => 3;",
    /builder app must return an application, it returned number/,
  ],
  [
    "builder's exception",
    "a.ts",
    'export const app = () => {\n  throw new TypeError("no price");\n};',
    /builder app failed: TypeError: no price\n.*\/a\.ts:2:9/,
  ],
  [
    "exception at import",
    "a.ts",
    "const a: number = 1;\n\nthrow new Error(`bad ${a}`);\nexport const app = 1;",
    /failed when it was imported: Error: bad 1\n.*\/a\.ts:3:7/,
  ],
  [
    "exit at import",
    "a.ts",
    'console.log("bye");\nprocess.exit(7);\nexport const app = 1;',
    /ended the process \(exit code 7\) while it was imported\nIt printed:\nbye/,
  ],
  [
    "bad option",
    "a.ts",
    'import { deployment } from "mantaray";\nexport const app = deployment(class A {}, { numReplicas: -1 }).bind();',
    /numReplicas must be.*\n.*\/a\.ts:2:20/,
  ],
];

describe("an error names its place", () => {
  it.each(failures)("%s", async (_what, file, text, expected) => {
    const root = project({ [file]: text, "b.node": "x" });
    const path = text.includes("./b.ts") ? join(root, "b.node") : "";
    if (path !== "") rmSync(path);
    expect(await failure(root, "a:app")).toMatch(expected);
  });

  it("missing module: with every place that was tried", async () => {
    const message = await failure(project({ "b.ts": "" }), "pkg.a:app");
    expect(message).toContain("looked for pkg/a.{ts,mts,tsx,js,mjs} and pkg/a/index.");
    expect(message).toContain(join(dir, "app"));
  });

  it("import that never ends, or blocks: after the time it is given", async () => {
    for (const text of ["await new Promise(() => setInterval(() => undefined, 1e6));", "for (;;);"]) {
      const root = project({ "a.ts": `${text}\nexport const app = 1;` });
      mkdirSync(join(dir, "out"), { recursive: true });
      const answer = await runBuild(
        { importPath: "a:app", args: {}, searchPaths: [root], outDir: join(dir, "out"), knownBundleIds: [] },
        { clock: systemClock, env: process.env, timeoutMs: 1_500 },
      );
      expect(answer).toMatchObject({ kind: "failed", message: expect.stringContaining("within 1.5 s") as string });
    }
  });
});

describe("a runtime_env", () => {
  const app = `import { deployment } from "mantaray";
    class A {}
    export const app = deployment(A, { name: \`\${process.env.TENANT ?? "nobody"}\` }).bind();`;

  it("sets variables for the import, and another value is another build", async () => {
    const build = builder(project({ "a.ts": app }));
    const names = async (envVars: Record<string, string>): Promise<string[]> => {
      const built = await build.build({ importPath: "a:app", args: {}, envVars });
      return built.kind === "built" ? built.deployments.map(({ name }) => name) : [built.message];
    };
    expect(await names({ TENANT: "x" })).toEqual(["x"]);
    expect(await names({ TENANT: "y" })).toEqual(["y"]);
    expect(await names({})).toEqual(["nobody"]);
  });

  it("names the folder in which the code is looked up first: by path, relative path or address", async () => {
    const root = project({ "a.ts": "export const app = 1;", "v2/a.ts": app });
    for (const workingDir of ["v2", join(root, "v2"), `file://${root}/v2`]) {
      const built = await builder(root).build({ importPath: "a:app", args: {}, workingDir });
      expect(built).toMatchObject({ kind: "built", ingress: "nobody" });
    }
    const missing = await builder(root).build({ importPath: "a:app", args: {}, workingDir: "v3" });
    expect(missing).toEqual({
      kind: "failed",
      message: `runtime_env.working_dir "v3" is no folder on the head: looked for ${join(root, "v3")}`,
    });
  });
});

describe("search paths", () => {
  it("are those of the environment, then the working folder", () => {
    expect(searchPathsOf({ MANTA_APP_PATH: "/a:/b:" }, "/c")).toEqual(["/a", "/b", "/c"]);
    expect(searchPathsOf({}, "/c")).toEqual(["/c"]);
  });
});
