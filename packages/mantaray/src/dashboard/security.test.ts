import { describe, expect, it } from "vitest";
import { startTestDashboard, testToken } from "./fixtures/test-dashboard.ts";

const hostHeader = (host: string): { headers: { host: string } } => ({ headers: { host } });

describe("the token", () => {
  it.each([
    "/api/serve/applications/",
    "/api/v0/actors",
    "/nodes?view=summary",
    "/api/cluster_status",
    "/no/such/path",
  ])("is asked for at %s", async (path) => {
    const { ask } = await startTestDashboard();
    const refused = await ask(path, { token: false });
    expect(refused.status).toBe(401);
    expect(refused.headers["www-authenticate"]).toBe("Bearer");
    expect((await ask(path, { token: false, headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  });

  it.each(["PUT", "DELETE", "POST", "PATCH"])("is asked for with %s", async (method) => {
    const { ask } = await startTestDashboard();
    expect((await ask("/api/serve/applications/", { method, token: false })).status).toBe(401);
  });

  it.each(["/api/gcs_healthz", "/api/healthz", "/api/version", "/api/ray/version", "/api/authentication_mode"])(
    "is not asked for at %s",
    async (path) => {
      const { ask } = await startTestDashboard();
      expect((await ask(path, { token: false })).status).toBe(200);
    },
  );

  it("may come in the reference's own header", async () => {
    const { ask } = await startTestDashboard();
    const headers = { "x-ray-authorization": `Bearer ${testToken}` };
    expect((await ask("/api/v0/actors", { token: false, headers })).status).toBe(200);
  });

  it("is not asked for where authentication is off", async () => {
    const { ask } = await startTestDashboard({ token: "" });
    expect((await ask("/api/v0/actors", { token: false })).status).toBe(200);
    expect((await ask("/api/authentication_mode", { token: false })).text).toBe('{"authentication_mode":"disabled"}');
  });
});

describe("a browser's session", () => {
  it("begins with the token in the link, which leaves the address at once", async () => {
    const { ask } = await startTestDashboard();
    const login = await ask(`/?token=${testToken}`, { token: false });
    expect(login.status).toBe(302);
    expect(login.headers.location).toBe("/");
    const [cookie = ""] = login.headers["set-cookie"] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(testToken);
    const headers = { cookie: cookie.split(";")[0] ?? "" };
    expect((await ask("/api/v0/actors", { token: false, headers })).status).toBe(200);
  });

  it("begins with the log-in form's request too", async () => {
    const { ask } = await startTestDashboard();
    const answer = await ask("/api/authenticate", { method: "POST" });
    expect(answer.status).toBe(200);
    expect(answer.headers["set-cookie"]).toHaveLength(1);
  });

  it("does not begin with a wrong token, and ends when the cookie was made up or changed", async () => {
    const { ask } = await startTestDashboard();
    expect((await ask("/?token=wrong", { token: false })).status).toBe(401);
    const login = await ask(`/?token=${testToken}`, { token: false });
    const cookie = ((login.headers["set-cookie"] as string[])[0] ?? "").split(";")[0] ?? "";
    const later = cookie.replace(/=(\d+)\./, (_, expiry: string) => `=${Number(expiry) + 1_000_000}.`);
    for (const made of [later, "manta-session=1.x", "manta-session=", `manta-session=${testToken}`]) {
      expect((await ask("/api/v0/actors", { token: false, headers: { cookie: made } })).status).toBe(401);
    }
  });

  it("shows a form to who has none, with nothing from elsewhere in the page", async () => {
    const { ask } = await startTestDashboard();
    const page = await ask("/", { token: false });
    expect(page.status).toBe(401);
    expect(page.text).toContain("<form>");
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none'/);
    expect(page.headers["x-frame-options"]).toBe("DENY");
  });
});

describe("the Host header", () => {
  it.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8265",
    "svc",
    "a b",
    "x.svc.evil.example",
  ])("%j is refused, with the token and at health too", async (host) => {
    const { ask } = await startTestDashboard();
    expect((await ask("/api/v0/actors", hostHeader(host))).status).toBe(403);
    expect((await ask("/api/gcs_healthz", hostHeader(host))).status).toBe(403);
  });

  it.each([
    "localhost",
    "LOCALHOST:8265",
    "127.0.0.1",
    "127.0.0.2:8265",
    "[::1]:8265",
    "10.1.2.3:8265",
    "head.ns.svc.cluster.local:8265",
  ])("%j is ours", async (host) => {
    const { ask } = await startTestDashboard();
    expect((await ask("/api/v0/actors", hostHeader(host))).status).toBe(200);
  });

  it("may be named in MANTA_ALLOWED_HOSTS", async () => {
    const { ask } = await startTestDashboard({ env: { MANTA_ALLOWED_HOSTS: "manta.example, other.example" } });
    expect((await ask("/api/v0/actors", hostHeader("manta.example:80"))).status).toBe(200);
  });
});

describe("a page of another site", () => {
  it.each(["GET", "PUT", "DELETE", "POST"])("cannot %s", async (method) => {
    const { ask, port } = await startTestDashboard();
    const path = "/api/serve/applications/";
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.example" },
      { origin: "null" },
      // Another port of our own host: applications run there.
      { origin: "http://127.0.0.1:8000", host: `127.0.0.1:${port}` },
    ]) {
      expect((await ask(path, { method, headers })).status).toBe(403);
    }
  });

  it("is not our own page, nor what the user typed", async () => {
    const { ask, port } = await startTestDashboard();
    const own = { origin: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, "sec-fetch-site": "same-origin" };
    expect((await ask("/api/v0/actors", { headers: own })).status).toBe(200);
    expect((await ask("/api/v0/actors", { headers: { "sec-fetch-site": "none" } })).status).toBe(200);
  });

  it("is told nothing by CORS headers", async () => {
    const { ask } = await startTestDashboard();
    const answer = await ask("/api/v0/actors");
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("limits", () => {
  it("refuses a body over 1 MiB, announced or not", async () => {
    const { ask } = await startTestDashboard();
    const body = `{"applications": [], "x": "${"x".repeat(1024 * 1024)}"}`;
    const path = "/api/serve/applications/";
    expect((await ask(path, { method: "PUT", body })).status).toBe(413);
    const chunked = { "transfer-encoding": "chunked" };
    expect((await ask(path, { method: "PUT", body, headers: chunked })).status).toBe(413);
  });

  it("refuses a head over 16 KiB", async () => {
    const { ask } = await startTestDashboard();
    expect((await ask("/api/version", { headers: { "x-large": "x".repeat(20_000) } })).status).toBe(431);
  });
});
