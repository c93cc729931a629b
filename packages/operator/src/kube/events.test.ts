import type { Event } from "kubernetes-types/events/v1.d.ts";
import { FakeClock } from "mantaray/testing";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventSubject, EventText } from "./event-text.ts";
import { EventRecorder } from "./events.ts";
import { ScriptedServer } from "./fixtures/scripted-server.ts";
import { StoredObjects } from "./fixtures/stored-objects.ts";
import { kubeLimits } from "./limits.ts";

let server: ScriptedServer;
let stored: StoredObjects;
let clock: FakeClock;
let recorder: EventRecorder;
const subject: EventSubject = { apiVersion: "ray.io/v1", kind: "RayCluster", namespace: "ns", name: "c", uid: "1" };
const text: EventText = { type: "Normal", reason: "CreatedHeadPod", action: "Create", note: "made c-head" };
const events = (): Event[] => [...stored.objects.values()] as Event[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  stored = new StoredObjects();
  server.handler = stored.handler;
  clock = new FakeClock();
  const log = pino({ level: "silent" });
  recorder = new EventRecorder({ api: server.api(), controller: "manta-operator", instance: "me", clock, log });
});
afterEach(async () => {
  await recorder.close(100);
  await server.close();
});

describe("the recorder of events", () => {
  it("writes an event of events.k8s.io/v1", async () => {
    recorder.record(subject, text);
    await expect.poll(() => events().length).toBe(1);
    expect(events()[0]).toMatchObject({
      apiVersion: "events.k8s.io/v1",
      metadata: { namespace: "ns", name: expect.stringMatching(/^c\.[0-9a-f]+$/) },
      eventTime: "2026-01-01T00:00:00.000000Z",
      type: "Normal",
      reason: "CreatedHeadPod",
      action: "Create",
      note: "made c-head",
      regarding: { apiVersion: "ray.io/v1", kind: "RayCluster", namespace: "ns", name: "c", uid: "1" },
      reportingController: "manta-operator",
      reportingInstance: "me",
    });
  });

  it("folds repeats into a series, and begins a new event after a while", async () => {
    recorder.record(subject, text);
    await expect.poll(() => events().length).toBe(1);
    for (let time = 0; time < 5; time++) recorder.record(subject, text);
    await expect.poll(() => events()[0]?.series?.count).toBe(6);
    expect(server.requests.length).toBe(2);
    recorder.record(subject, { ...text, note: "made another" });
    await expect.poll(() => events().length).toBe(2);
    await clock.advance(kubeLimits.eventSeriesMs);
    recorder.record(subject, text);
    await expect.poll(() => events().length).toBe(3);
  });

  it("makes an event anew that has been deleted meanwhile", async () => {
    recorder.record(subject, text);
    await expect.poll(() => events().length).toBe(1);
    stored.objects.clear();
    recorder.record(subject, text);
    await expect.poll(() => events().length).toBe(1);
  });

  it("drops what one object tells too often, and counts it; others are still heard", async () => {
    for (let time = 0; time < 100; time++) recorder.record(subject, { ...text, note: `number ${time}` });
    recorder.record({ ...subject, uid: "2", name: "d" }, text);
    await expect.poll(() => events().length).toBe(kubeLimits.eventSubjectBurst + 1);
    expect(recorder.dropped).toBe(100 - kubeLimits.eventSubjectBurst);
  });

  it("cuts a note that is too long, between two letters", async () => {
    recorder.record(subject, { ...text, note: "ü".repeat(2_000) });
    await expect.poll(() => events().length).toBe(1);
    const note = events()[0]?.note ?? "";
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(kubeLimits.eventNoteBytesMax);
    expect(note).toMatch(/^ü+…$/);
  });

  it("never throws and never waits, whatever the server does", async () => {
    server.handler = (_, response) => {
      response.destroy();
      return true;
    };
    expect(() => recorder.record(subject, text)).not.toThrow();
    await expect.poll(() => recorder.dropped).toBe(1);
  });
});
