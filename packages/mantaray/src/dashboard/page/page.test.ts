import { describe, expect, it } from "vitest";
import { actorRecord, nodeRecord } from "../../actor/fixtures/fake-cluster.ts";
import { FakeController, startTestDashboard } from "../fixtures/test-dashboard.ts";
import { html } from "./html.ts";
import { overviewHtml } from "./overview.ts";

describe("the page", () => {
  it("shows nodes, applications down to replicas, and actors", async () => {
    const { ask, fake } = await startTestDashboard();
    fake.nodes = [nodeRecord({ name: "node-one", isHead: true })];
    const controller = new FakeController();
    const actor = actorRecord({ className: "ServeController", name: "SERVE_CONTROLLER_ACTOR", namespace: "serve" });
    fake.actors = [actor];
    await controller.startOn(fake, actor);
    const page = await ask("/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("node-one");
    expect(page.text).toContain("SERVE_CONTROLLER_ACTOR");
    expect(page.text).toContain("data-refresh");
  });

  it("shows what it can when a part is away", () => {
    const text = overviewHtml({ nodes: [nodeRecord()], usage: {}, actors: [], serve: undefined }).text;
    expect(text).toContain("host-1");
    expect(text).toContain("The Serve controller does not answer");
  });

  it("escapes whatever comes from elsewhere", () => {
    const name = `<img src=x onerror=alert(1)>"'&`;
    const text = overviewHtml({ nodes: [nodeRecord({ name })], usage: {}, actors: [], serve: undefined }).text;
    expect(text).not.toContain("<img");
    expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
    expect(html`<b>${"<"}</b>`.text).toBe("<b>&lt;</b>");
  });
});
