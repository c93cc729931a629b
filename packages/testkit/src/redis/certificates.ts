import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";

/** Files of a certificate and what signed it. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Writes an authority and a certificate that it signed, for these names and addresses, into a folder: `NAME.ca.pem`,
 * `NAME.pem`, `NAME.key`. Good for a day. Made here, so that tests need no openssl and the repository holds no keys.
 */
export const writeCertificates = (directory: string, name: string, subjects: readonly string[]): CertificateFiles => {
  const authority = newKeys();
  const server = newKeys();
  const caName = distinguishedName(`${name} authority`);
  const ca = certificate({
    subject: caName,
    issuer: caName,
    key: authority.publicKey,
    signer: authority.privateKey,
    extensions: [extension([2, 5, 29, 19], sequence(tlv(0x01, Buffer.from([0xff]))), true)],
  });
  const leaf = certificate({
    subject: distinguishedName(name),
    issuer: caName,
    key: server.publicKey,
    signer: authority.privateKey,
    extensions: [extension([2, 5, 29, 17], sequence(...subjects.map(alternativeName)))],
  });
  const files = {
    caFile: join(directory, `${name}.ca.pem`),
    certFile: join(directory, `${name}.pem`),
    keyFile: join(directory, `${name}.key`),
  };
  writeFileSync(files.caFile, pem(ca));
  writeFileSync(files.certFile, pem(leaf));
  writeFileSync(files.keyFile, server.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return files;
};

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });

interface CertificateParts {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** X.509 version 3 in DER. */
const certificate = ({ subject, issuer, key, signer, extensions }: CertificateParts): Buffer => {
  const algorithm = sequence(objectId([1, 2, 840, 10045, 4, 3, 2]));
  const nowMs = Date.now();
  const serial = randomBytes(12);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    algorithm,
    issuer,
    sequence(utcTime(nowMs - dayMs), utcTime(nowMs + dayMs)),
    subject,
    key.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = createSign("sha256").update(body).sign(signer);
  return sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
};

const dayMs = 24 * 60 * 60 * 1_000;

const tlv = (tag: number, content: Buffer): Buffer => {
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

const objectId = (numbers: readonly number[]): Buffer => {
  const [first = 0, second = 0, ...rest] = numbers;
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return tlv(0x06, Buffer.from(bytes));
};

const distinguishedName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(objectId([2, 5, 4, 3]), tlv(0x0c, Buffer.from(name)))));

const utcTime = (atMs: number): Buffer =>
  tlv(0x17, Buffer.from(`${new Date(atMs).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));

const extension = (id: readonly number[], value: Buffer, critical = false): Buffer =>
  sequence(objectId(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));

const alternativeName = (subject: string): Buffer =>
  isIPv4(subject) ? tlv(0x87, Buffer.from(subject.split(".").map(Number))) : tlv(0x82, Buffer.from(subject));

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
