import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "mantaray/testing";
import { killPid } from "../processes.ts";
import { type DelayProxy, startDelayProxy } from "./delay-proxy.ts";
import { redisProgram } from "./redis-program.ts";

/** How a server is to be. */
export interface RedisOptions {
  /** Default: a loopback address of its own. */
  readonly host?: string;
  /** Default 6379. */
  readonly port?: number;
  /** Of the user `default`; default none. */
  readonly password?: string;
  /** Lines of an ACL file without `user` in front, such as `manta on >secret ~RAY* +@all`. */
  readonly users?: readonly string[];
  /** Listens with TLS only. */
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** Keeps its data over `restart` (append-only file). Default true. */
  readonly durable?: boolean;
  /** Clients connect through a proxy that can delay and cut (`slow`, `cut`). Default false. */
  readonly proxy?: boolean;
  /** A sentinel, not a store. Default false. */
  readonly sentinel?: boolean;
  /** Further lines of redis.conf. */
  readonly config?: readonly string[];
}

/** A Redis server of a test. */
export interface RedisServer {
  /** Where clients connect: the proxy's where there is one. */
  readonly host: string;
  readonly port: number;
  /** `host:port` as `RAY_REDIS_ADDRESS` takes it, or `rediss://…` with TLS. */
  readonly address: string;
  /** Changes with `restart`. */
  readonly pid: number;
  readonly directory: string;
  /** Runs a command as the user `default` and gives its answer as redis-cli prints it. */
  command(...words: readonly string[]): Promise<string>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Ends it if it runs (SIGKILL) and starts it again; `empty` without its data. */
  restart(options?: { readonly empty?: boolean }): Promise<void>;
  /** FLUSHALL. */
  flush(): Promise<void>;
  /** Becomes a replica of nobody, so that it takes no writes; and a primary again. */
  makeReadOnly(): Promise<void>;
  makeWritable(): Promise<void>;
  /** Sets maxmemory, in bytes; 0 for no limit. Below what is in use, writes are refused. */
  limitMemory(bytes: number): Promise<void>;
  /** Answers come later by so much, in ms. Needs `proxy`. */
  slow(delayMs: number): void;
  /** Nothing passes in either direction, connections stay open; `mend` ends that. Needs `proxy`. */
  cut(): void;
  mend(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Room for the largest bundles, several times over. */
const ramBytesMin = 2 * 1024 ** 3;

/**
 * Memory, where there is enough: a server syncs its files, and a disk that others keep busy would hold it up for
 * seconds. What it keeps outlives its process, which is all that tests kill.
 */
const dataFolder = (): string => {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize >= ramBytesMin ? "/dev/shm" : tmpdir();
  } catch {
    return tmpdir();
  }
};

/** Starts a server and waits until it answers. */
export const startRedis = async (options: RedisOptions = {}): Promise<RedisServer> => {
  const directory = mkdtempSync(join(dataFolder(), "manta-redis-"));
  const host = options.host ?? loopbackAddress();
  const listen = { host: options.proxy === true ? loopbackAddress() : host, port: options.port ?? 6379 };
  const configFile = join(directory, "redis.conf");
  writeFileSync(configFile, configLines(options, directory, listen).join("\n"));
  const server = new LocalRedis(options, directory, listen);
  try {
    await server.start();
    if (options.proxy === true) await server.front(host);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
};

/** An address of 127.0.0.0/8 that no other test is likely to use. */
export const loopbackAddress = (): string =>
  `127.${100 + Math.floor(Math.random() * 120)}.${1 + Math.floor(Math.random() * 250)}.${2 + Math.floor(Math.random() * 250)}`;

interface Listen {
  readonly host: string;
  readonly port: number;
}

const configLines = (options: RedisOptions, directory: string, { host, port }: Listen): string[] => {
  const { tls, password, users } = options;
  const aclFile = join(directory, "users.acl");
  if (users !== undefined) {
    const admin = `user default on ${password === undefined ? "nopass" : `>${password}`} ~* &* +@all`;
    writeFileSync(aclFile, `${[admin, ...users.map((line) => `user ${line}`)].join("\n")}\n`);
  }
  return [
    `bind ${host}`,
    "protected-mode no",
    "daemonize no",
    `dir ${directory}`,
    // Connections on loopback all come from 127.0.0.1: the others would look for us there.
    ...(options.sentinel === true ? [`sentinel announce-ip ${host}`] : [`replica-announce-ip ${host}`, 'save ""']),
    ...(options.durable === false || options.sentinel === true ? [] : ["appendonly yes", "appendfsync everysec"]),
    ...(tls === undefined
      ? [`port ${port}`]
      : [
          "port 0",
          `tls-port ${port}`,
          `tls-cert-file ${tls.certFile}`,
          `tls-key-file ${tls.keyFile}`,
          `tls-ca-cert-file ${tls.caFile}`,
          "tls-auth-clients optional",
          "tls-replication yes",
        ]),
    ...(users !== undefined ? [`aclfile ${aclFile}`] : password === undefined ? [] : [`requirepass ${password}`]),
    ...(options.config ?? []),
  ];
};

const run = promisify(execFile);

class LocalRedis implements RedisServer {
  readonly directory: string;
  readonly #options: RedisOptions;
  readonly #listen: Listen;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #proxy: DelayProxy | undefined;

  constructor(options: RedisOptions, directory: string, listen: Listen) {
    this.#options = options;
    this.directory = directory;
    this.#listen = listen;
  }

  get host(): string {
    return this.#proxy?.host ?? this.#listen.host;
  }

  get port(): number {
    return this.#proxy?.port ?? this.#listen.port;
  }

  get address(): string {
    const address = `${this.host}:${this.port}`;
    return this.#options.tls === undefined ? address : `rediss://${address}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const child = spawn(
      redisProgram("redis-server"),
      [join(this.directory, "redis.conf"), ...(this.#options.sentinel === true ? ["--sentinel"] : [])],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output = `${output}${chunk.toString()}`.slice(-4_000);
      });
    }
    let ended = false;
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => {
        ended = true;
        resolve(undefined);
      });
      child.once("error", () => resolve(undefined));
    });
    process.once("exit", this.#killNow);
    await waitFor(
      async () => {
        if (ended) throw new Error(`redis-server ended: ${output}`);
        return (await this.command("PING")) === "PONG";
      },
      { timeoutMs: 15_000, what: `the start of redis-server (${output})` },
    );
  }

  async front(host: string): Promise<void> {
    this.#proxy = await startDelayProxy({ host, port: this.#listen.port, target: this.#listen });
  }

  async command(...words: readonly string[]): Promise<string> {
    const { tls, password } = this.#options;
    const { host, port } = this.#listen;
    const secure =
      tls === undefined ? [] : ["--tls", "--cacert", tls.caFile, "--cert", tls.certFile, "--key", tls.keyFile];
    const { stdout } = await run(
      redisProgram("redis-cli"),
      ["-e", "-h", host, "-p", String(port), ...secure, ...words],
      {
        timeout: 10_000,
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, ...(password === undefined ? {} : { REDISCLI_AUTH: password }) },
      },
    );
    return stdout.trimEnd();
  }

  pause(): void {
    killPid(this.pid, "SIGSTOP");
  }

  resume(): void {
    killPid(this.pid, "SIGCONT");
  }

  async kill(): Promise<void> {
    this.#killNow();
    await this.#exited;
    process.off("exit", this.#killNow);
  }

  async restart({ empty = false }: { readonly empty?: boolean } = {}): Promise<void> {
    await this.kill();
    if (empty) {
      for (const name of ["appendonlydir", "appendonly.aof", "dump.rdb"]) {
        rmSync(join(this.directory, name), { recursive: true, force: true });
      }
    }
    await this.start();
  }

  async flush(): Promise<void> {
    await this.command("FLUSHALL");
  }

  async makeReadOnly(): Promise<void> {
    await this.command("REPLICAOF", "127.0.0.1", "1");
  }

  async makeWritable(): Promise<void> {
    await this.command("REPLICAOF", "NO", "ONE");
  }

  async limitMemory(bytes: number): Promise<void> {
    await this.command("CONFIG", "SET", "maxmemory", String(bytes));
  }

  slow(delayMs: number): void {
    this.#needProxy().delayMs = delayMs;
  }

  cut(): void {
    this.#needProxy().cut();
  }

  mend(): void {
    this.#needProxy().mend();
  }

  async stop(): Promise<void> {
    await this.#proxy?.close();
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #needProxy(): DelayProxy {
    if (this.#proxy === undefined) throw new Error("start the server with proxy: true");
    return this.#proxy;
  }

  readonly #killNow = (): void => {
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) killPid(child.pid);
  };
}
