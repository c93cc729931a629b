import { expect, test } from "vitest";
import { decodeProtobuf } from "./decode.ts";

const field = (number: number, value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const number = (at: number, value: number): Buffer => Buffer.from([at << 3, value]);
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([Buffer.from("k8s\0"), field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])), field(2, raw)]);

test("a ConfigMap as kubectl sends it: maps, and nothing for what is empty", () => {
  const metadata = field(1, Buffer.concat([field(1, "a"), field(2, ""), field(3, "")]));
  const raw = Buffer.concat([metadata, field(2, Buffer.concat([field(1, "x"), field(2, "1")]))]);
  expect(decodeProtobuf(envelope("v1", "ConfigMap", raw))).toEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a" },
    data: { x: "1" },
  });
});

test("a number that may be absent keeps its zero", () => {
  const spec = field(2, Buffer.concat([number(1, 0), number(5, 0)]));
  expect(decodeProtobuf(envelope("apps/v1", "Deployment", spec))).toMatchObject({ spec: { replicas: 0 } });
  expect(decodeProtobuf(envelope("apps/v1", "Deployment", spec))["spec"]).not.toHaveProperty("minReadySeconds");
});

test("kinds that it does not know are refused", () => {
  expect(() => decodeProtobuf(envelope("v1", "Nothing", Buffer.alloc(0)))).toThrow("send JSON");
  expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("does not start as");
});
