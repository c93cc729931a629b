import { createRequire } from "node:module";
import type { MessageParser, ParserSource } from "./message-parser.ts";

/** llhttp's own numbers. */
const typeRequest = 1;
const errorOk = 0;
const errorPaused = 21;
/** Bytes handed over at once; a longer read is fed in several pieces. As long as one read of a socket. */
const windowBytes = 64 * 1024;

interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_free(pointer: number): void;
  llhttp_reset(pointer: number): void;
  llhttp_resume(pointer: number): void;
  llhttp_execute(pointer: number, at: number, length: number): number;
  llhttp_get_error_pos(pointer: number): number;
  llhttp_get_error_reason(pointer: number): number;
}

/** The part of the WebAssembly namespace used here: the project's library settings have no DOM. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** The instance that all parsers of one source share, and the window of its memory where their bytes go. */
interface Host {
  readonly wasm: WasmExports;
  readonly window: number;
  view: Buffer;
  /** Whose bytes are being executed: callbacks name no parser, and calls never nest. */
  current: WasmParser | undefined;
}

const ignore = (): number => errorOk;

/** llhttp as the WebAssembly build inside undici. */
export const wasmParserSource = (): ParserSource => {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace }).WebAssembly;
  const require = createRequire(import.meta.url);
  const bytes = require("undici/lib/llhttp/llhttp_simd-wasm.js") as Uint8Array;
  let host: Host | undefined;
  const env = {
    wasm_on_url: ignore,
    wasm_on_status: ignore,
    wasm_on_message_begin: ignore,
    wasm_on_header_field: ignore,
    wasm_on_header_value: ignore,
    wasm_on_headers_complete: (_pointer: number, _status: number, upgrade: number, keepAlive: number) =>
      host?.current?.onHead(upgrade === 1, keepAlive === 1) ?? errorOk,
    wasm_on_body: (_pointer: number, at: number, length: number) => host?.current?.onBody(at, length) ?? errorOk,
    wasm_on_message_complete: () => host?.current?.onEnd() ?? errorOk,
  };
  const wasm = new Instance(new Module(bytes), { env }).exports as WasmExports;
  wasm._initialize();
  const window = wasm.malloc(windowBytes);
  const made: Host = { wasm, window, view: viewOf(wasm, window), current: undefined };
  host = made;
  return { name: "wasm", create: () => new WasmParser(made) };
};

const viewOf = (wasm: WasmExports, window: number): Buffer => Buffer.from(wasm.memory.buffer, window, windowBytes);

class WasmParser implements MessageParser {
  keepAlive = false;
  upgrade = false;
  ended = false;
  reason = "";
  #headDone = false;
  #bytes: Buffer | undefined;
  #from = 0;
  #onData: ((data: Buffer) => void) | undefined;
  readonly #host: Host;
  readonly #pointer: number;

  constructor(host: Host) {
    this.#host = host;
    this.#pointer = host.wasm.llhttp_alloc(typeRequest);
    // Memory that grew is another buffer.
    if (host.view.buffer !== host.wasm.memory.buffer) host.view = viewOf(host.wasm, host.window);
  }

  reset(): void {
    this.ended = false;
    this.#headDone = false;
    this.#host.wasm.llhttp_reset(this.#pointer);
  }

  feedHead(bytes: Buffer, from: number, to: number): number {
    const result = this.#execute(bytes, from, Math.min(to, from + windowBytes));
    if (this.#headDone && result === errorPaused) return this.#consumed();
    if (!this.#headDone && result === errorOk) return 0;
    return this.#refused();
  }

  feedChunks(bytes: Buffer, from: number, onData: (data: Buffer) => void): number {
    this.#host.wasm.llhttp_resume(this.#pointer);
    this.#bytes = bytes;
    this.#onData = onData;
    let at = from;
    while (at < bytes.length && !this.ended) {
      const to = Math.min(bytes.length, at + windowBytes);
      this.#from = at;
      const result = this.#execute(bytes, at, to);
      if (result === errorOk) at = to;
      else if (this.ended) at += this.#consumed();
      else at = this.#refused();
      if (at < 0) break;
    }
    this.#bytes = undefined;
    this.#onData = undefined;
    return at;
  }

  free(): void {
    this.#host.wasm.llhttp_free(this.#pointer);
  }

  onHead(upgrade: boolean, keepAlive: boolean): number {
    this.#headDone = true;
    this.upgrade = upgrade;
    this.keepAlive = keepAlive;
    return errorPaused;
  }

  onBody(at: number, length: number): number {
    const from = this.#from + at - this.#host.window;
    if (this.#bytes !== undefined) this.#onData?.(this.#bytes.subarray(from, from + length));
    return errorOk;
  }

  onEnd(): number {
    this.ended = true;
    return errorPaused;
  }

  #execute(bytes: Buffer, from: number, to: number): number {
    const host = this.#host;
    bytes.copy(host.view, 0, from, to);
    host.current = this;
    const result = host.wasm.llhttp_execute(this.#pointer, host.window, to - from);
    host.current = undefined;
    return result;
  }

  #consumed(): number {
    return this.#host.wasm.llhttp_get_error_pos(this.#pointer) - this.#host.window;
  }

  #refused(): number {
    const { wasm } = this.#host;
    const at = wasm.llhttp_get_error_reason(this.#pointer);
    const memory = Buffer.from(wasm.memory.buffer);
    this.reason = at === 0 ? "refused by the parser" : memory.toString("latin1", at, memory.indexOf(0, at));
    return -1;
  }
}
