import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { inClusterAccess } from "./in-cluster.ts";
import { parseKubeconfig } from "./kubeconfig.ts";
import { loadAccess } from "./load-access.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "manta-operator-access-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const config = (user: object, cluster: object = {}): string =>
  stringify({
    "current-context": "here",
    clusters: [{ name: "c", cluster: { server: "https://example.org:6443/", ...cluster } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "ns" } }],
    users: [{ name: "u", user }],
  });

describe("a kubeconfig", () => {
  it("gives certificates from its text and from files beside it", async () => {
    writeFileSync(join(dir, "key.pem"), "key");
    const text = config(
      { "client-certificate-data": base64("cert"), "client-key": "key.pem" },
      { "certificate-authority-data": base64("ca"), "tls-server-name": "name" },
    );
    const access = parseKubeconfig(text, { baseDir: dir });
    expect(access).toMatchObject({ server: "https://example.org:6443", namespace: "ns" });
    const { ca, cert, key, ...rest } = access.tls();
    expect([String(ca), String(cert), String(key)]).toEqual(["ca", "cert", "key"]);
    expect(rest).toEqual({ servername: "name" });
    expect(await access.headers()).toEqual({});
  });

  it.each([
    [{ token: "t" }, "Bearer t"],
    [{ username: "a", password: "b" }, `Basic ${base64("a:b")}`],
    [
      {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: process.execPath,
          args: ["-e", "console.log(JSON.stringify({ status: { token: process.env.WORD } }))"],
          env: [{ name: "WORD", value: "from a program" }],
        },
      },
      "Bearer from a program",
    ],
  ])("says who one is by %o", async (user, authorization) => {
    expect(await parseKubeconfig(config(user)).headers()).toEqual({ authorization });
  });

  it("refuses what is not supported, and says what is missing", () => {
    expect(() => parseKubeconfig(config({ "auth-provider": { name: "gcp" } }))).toThrow("auth-provider");
    expect(() => parseKubeconfig(config({}, { "proxy-url": "http://p" }))).toThrow("proxy-url");
    expect(() => parseKubeconfig(config({}), { context: "there" })).toThrow('there is no context "there"');
    expect(() => parseKubeconfig("{}")).toThrow("current-context is not set");
  });
});

describe("a pod's service account", () => {
  const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

  it("is used with the token that is in the file when the old one is refused", async () => {
    writeFileSync(join(dir, "token"), "one\n");
    writeFileSync(join(dir, "ca.crt"), "ca");
    writeFileSync(join(dir, "namespace"), "system");
    const access = inClusterAccess(env, dir);
    expect(access).toMatchObject({ server: "https://10.0.0.1:443", namespace: "system" });
    expect(await access?.headers()).toEqual({ authorization: "Bearer one" });
    writeFileSync(join(dir, "token"), "two\n");
    expect(await access?.headers()).toEqual({ authorization: "Bearer one" });
    access?.onUnauthorized();
    expect(await access?.headers()).toEqual({ authorization: "Bearer two" });
    writeFileSync(join(dir, "ca.crt"), "another");
    expect(String(access?.tls().ca)).toBe("another");
  });

  it("is not there outside of a pod", () => {
    expect(inClusterAccess({}, dir)).toBeUndefined();
    expect(inClusterAccess(env, dir)).toBeUndefined();
  });
});

describe("the search for a cluster", () => {
  it("takes KUBECONFIG, then the home directory, and says so when there is none", () => {
    writeFileSync(join(dir, "a"), config({}));
    expect(loadAccess({ env: { KUBECONFIG: join(dir, "a") } }).namespace).toBe("ns");
    expect(() => loadAccess({ env: { HOME: dir } })).toThrow("no Kubernetes to talk to");
    mkdirSync(join(dir, ".kube"));
    writeFileSync(join(dir, ".kube", "config"), "clusters: 3");
    expect(() => loadAccess({ env: { HOME: dir } })).toThrow(/kubeconfig .*\.kube\/config: /);
  });
});
