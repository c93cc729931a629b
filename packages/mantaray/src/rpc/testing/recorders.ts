import type { InStream, InStreamHandler, OutStreamHandler, ResetCode } from "../types.ts";

/** An opener's handler that keeps what it hears. */
export class OutRecorder implements OutStreamHandler {
  /** Names of the calls, in order; DATA only once. */
  readonly calls: string[] = [];
  readonly parts: Buffer[] = [];
  head = "";
  load = -1;
  reset: { code: ResetCode; message: string; accepted: boolean } | undefined;
  writable = 0;
  /** Hook of a test. */
  onChunk: (chunk: Buffer) => void = () => {};

  get body(): string {
    return Buffer.concat(this.parts).toString();
  }

  get bytes(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Terminal calls: never more than one. */
  get ends(): number {
    return this.calls.filter((call) => ["reject", "end", "reset", "response-end"].includes(call)).length;
  }

  onReject(load: number): void {
    this.calls.push("reject");
    this.load = load;
  }

  onResponse(head: Buffer, body: Buffer, end: boolean, load: number): void {
    this.calls.push(end ? "response-end" : "response");
    this.head = head.toString();
    this.load = load;
    this.#take(body);
  }

  onData(chunk: Buffer): void {
    if (this.calls.at(-1) !== "data") this.calls.push("data");
    this.#take(chunk);
  }

  onEnd(): void {
    this.calls.push("end");
  }

  onReset(code: ResetCode, message: string, accepted: boolean): void {
    this.calls.push("reset");
    this.reset = { code, message, accepted };
  }

  onWritable(): void {
    this.writable += 1;
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.parts.push(Buffer.from(chunk));
    this.onChunk(chunk);
  }
}

/** An acceptor's handler that keeps what it hears. */
export class InRecorder implements InStreamHandler {
  readonly calls: string[] = [];
  readonly parts: Buffer[] = [];
  readonly stream: InStream;
  readonly head: string;
  reset: { code: ResetCode; message: string } | undefined;
  writable = 0;
  onChunk: (chunk: Buffer) => void = () => {};

  constructor(stream: InStream, head: Buffer, body: Buffer) {
    this.stream = stream;
    this.head = head.toString();
    if (body.length > 0) this.parts.push(Buffer.from(body));
  }

  get body(): string {
    return Buffer.concat(this.parts).toString();
  }

  get bytes(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0);
  }

  onStart(): void {
    this.calls.push("start");
  }

  onData(chunk: Buffer): void {
    if (this.calls.at(-1) !== "data") this.calls.push("data");
    this.parts.push(Buffer.from(chunk));
    this.onChunk(chunk);
  }

  onEnd(): void {
    this.calls.push("end");
  }

  onReset(code: ResetCode, message: string): void {
    this.calls.push("reset");
    this.reset = { code, message };
  }

  onWritable(): void {
    this.writable += 1;
  }
}
