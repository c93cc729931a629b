import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { MantaError } from "../base/errors.ts";
import { AcceptLedger, type LedgerHandle } from "./accept-ledger.ts";
import {
  type HandshakeMessage,
  HandshakeReader,
  handshakeTypes,
  layMessage,
  linkVersion,
} from "./handshake-messages.ts";
import type { PeerIdentity } from "./types.ts";
import type { Wire } from "./wire/wire.ts";

/** What both sides of a handshake bring. */
export interface HandshakeOptions {
  /** The cluster's token; empty when authentication is off. Never sent. */
  readonly token: string;
  /** Who we say we are. */
  readonly identity: PeerIdentity;
}

/** A finished handshake: who the peer is, and the bytes that came behind its last message. */
export interface Handshaken {
  readonly peer: PeerIdentity;
  /** Both ends have it. */
  readonly ledger: AcceptLedger | undefined;
  /** To be called right before the wire's chunks go elsewhere. */
  takeRest(): Buffer;
}

/**
 * The dialing side:  HELLO nonce, identity → ← CHALLENGE nonce, identity;  PROOF → ← WELCOME proof.
 * Each proof is an HMAC-SHA256 under the token over the role of its maker, the version, both nonces and
 * both identities, so that it fits no other handshake, side or name. The dialer proves first: a stranger
 * gets nothing that a guessed token could be tried on.
 *
 * `local`, on a unix socket: the dialer makes a ledger of acceptances and says with its proof where it is; the
 * listener's proof says whether it found it.
 */
export const dialHandshake = async (wire: Wire, options: HandshakeOptions, local = false): Promise<Handshaken> => {
  const reader = new HandshakeReader(wire);
  const hello = layHello(options.identity);
  send(wire, handshakeTypes.hello, hello);
  const challenge = await expect(reader, handshakeTypes.challenge);
  const made = local ? AcceptLedger.create(markOf(hello, challenge)) : undefined;
  const handle = layHandle(made?.handle);
  let ledger: AcceptLedger | undefined;
  try {
    const proof = prove(options.token, "dialer", hello, challenge, handle);
    send(wire, handshakeTypes.proof, Buffer.concat([proof, handle]));
    const welcome = await expect(reader, handshakeTypes.welcome);
    if (sameBytes(welcome, prove(options.token, "listener", hello, challenge, handle))) ledger = made;
    else if (!sameBytes(welcome, prove(options.token, "listener", hello, challenge, nothing))) {
      throw unauthenticated();
    }
  } finally {
    if (ledger === undefined) made?.close();
  }
  return { peer: parseHello(challenge), ledger, takeRest: () => reader.takeRest() };
};

/** The listening side. A refusal is told to the dialer before the error is thrown here. */
export const acceptHandshake = async (wire: Wire, options: HandshakeOptions, local = false): Promise<Handshaken> => {
  const reader = new HandshakeReader(wire);
  try {
    const hello = await expect(reader, handshakeTypes.hello);
    const peer = parseHello(hello);
    const challenge = layHello(options.identity);
    send(wire, handshakeTypes.challenge, challenge);
    const proof = await expect(reader, handshakeTypes.proof);
    const handle = proof.subarray(proofBytes);
    if (!sameBytes(proof.subarray(0, proofBytes), prove(options.token, "dialer", hello, challenge, handle))) {
      throw unauthenticated();
    }
    const where = local ? parseHandle(handle) : undefined;
    const ledger = where === undefined ? undefined : AcceptLedger.open(where, markOf(hello, challenge));
    const shared = ledger === undefined ? nothing : handle;
    send(wire, handshakeTypes.welcome, prove(options.token, "listener", hello, challenge, shared));
    return { peer, ledger, takeRest: () => reader.takeRest() };
  } catch (error) {
    const refusal = MantaError.from(error, "protocol_error");
    if (!wire.duplex.destroyed)
      send(wire, handshakeTypes.refusal, Buffer.from(`${refusal.code}\n${refusal.rawMessage}`));
    throw refusal;
  }
};

const unauthenticated = (): MantaError =>
  new MantaError("unauthenticated", "the peer does not know the cluster's token");

const nonceBytes = 32;
const proofBytes = 32;
const nothing = Buffer.alloc(0);
const nameBytesMax = 256;

const send = (wire: Wire, type: number, payload: Uint8Array): void => {
  wire.duplex.write(layMessage(type, payload));
};

const expect = async (reader: HandshakeReader, type: number): Promise<Buffer> => {
  const message = await reader.next();
  if (message.type === handshakeTypes.refusal) throw refusalError(message);
  if (message.type !== type) {
    throw new MantaError("protocol_error", `the handshake has a message of type ${message.type}, expected ${type}`);
  }
  return message.payload;
};

/** nonce | u16 roleLength | role | id */
const layHello = (identity: PeerIdentity): Buffer => {
  const role = Buffer.from(identity.role);
  const id = Buffer.from(identity.id);
  if (role.length > nameBytesMax || id.length > nameBytesMax) {
    throw new MantaError("invalid_argument", `role and id of a link's identity must be at most ${nameBytesMax} bytes`);
  }
  const roleLength = Buffer.alloc(2);
  roleLength.writeUInt16BE(role.length);
  return Buffer.concat([randomBytes(nonceBytes), roleLength, role, id]);
};

const parseHello = (payload: Buffer): PeerIdentity => {
  const roleStart = nonceBytes + 2;
  const roleEnd = payload.length < roleStart ? -1 : roleStart + payload.readUInt16BE(nonceBytes);
  if (roleEnd < 0 || roleEnd > payload.length)
    throw new MantaError("protocol_error", "the handshake's names are cut off");
  return { role: payload.toString("utf8", roleStart, roleEnd), id: payload.toString("utf8", roleEnd) };
};

/** Both payloads hold nonce and identity; lengths make the joint unambiguous. The version is in the label. */
const prove = (
  token: string,
  role: "dialer" | "listener",
  hello: Buffer,
  challenge: Buffer,
  handle: Buffer,
): Buffer => {
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16BE(hello.length, 0);
  lengths.writeUInt16BE(challenge.length, 2);
  return createHmac("sha256", token)
    .update(`manta link ${linkVersion} ${role}\n`)
    .update(lengths)
    .update(hello)
    .update(challenge)
    .update(handle)
    .digest();
};

/** u32 pid | u32 file, or nothing */
const layHandle = (handle: LedgerHandle | undefined): Buffer => {
  if (handle === undefined) return nothing;
  const bytes = Buffer.alloc(handleBytes);
  bytes.writeUInt32BE(handle.pid, 0);
  bytes.writeUInt32BE(handle.file, 4);
  return bytes;
};

const parseHandle = (bytes: Buffer): LedgerHandle | undefined =>
  bytes.length === handleBytes ? { pid: bytes.readUInt32BE(0), file: bytes.readUInt32BE(4) } : undefined;

const handleBytes = 8;

/** What only the two ends of this handshake can have written. */
const markOf = (hello: Buffer, challenge: Buffer): Buffer =>
  createHash("sha256").update(hello).update(challenge).digest();

const sameBytes = (given: Buffer, expected: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);

const refusalError = (message: HandshakeMessage): MantaError => {
  const text = message.payload.toString();
  const [code = "", ...rest] = text.split("\n");
  const known = code === "unauthenticated" || code === "protocol_error" || code === "resource_exhausted";
  return new MantaError(
    known ? code : "protocol_error",
    `the peer refused the link: ${known ? rest.join("\n") : text}`,
  );
};
