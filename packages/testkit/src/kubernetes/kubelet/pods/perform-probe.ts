import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import type { Probe } from "kubernetes-types/core/v1.d.ts";
import { kubeletLimits } from "../limits.ts";
import { messageOf } from "../log.ts";
import type { ContainerSpec } from "../types.ts";

/** What a probe or hook found. */
export interface ProbeResult {
  readonly success: boolean;
  readonly message: string;
}

/** Runs a command in the container. */
export type ExecInContainer = (
  argv: readonly string[],
  timeoutMs: number,
) => Promise<{ exitCode: number; output: string }>;

type Action = Pick<Probe, "exec" | "grpc" | "httpGet" | "tcpSocket">;

/** Does what a probe or hook says, once; never rejects. */
export const performProbe = async (
  action: Action,
  container: ContainerSpec,
  podIp: string,
  timeoutMs: number,
  exec: ExecInContainer,
): Promise<ProbeResult> => {
  try {
    if (action.exec !== undefined) return await execAction(action.exec.command ?? [], timeoutMs, exec);
    if (action.httpGet !== undefined) return await httpAction(action.httpGet, container, podIp, timeoutMs);
    if (action.tcpSocket !== undefined) {
      const { host = podIp, port } = action.tcpSocket;
      return await tcpAction(host, portNumber(port, container), timeoutMs);
    }
    return {
      success: false,
      message: "the local kubelet has no probes of this kind (exec, httpGet and tcpSocket only)",
    };
  } catch (error) {
    return { success: false, message: messageOf(error) };
  }
};

const execAction = async (argv: readonly string[], timeoutMs: number, exec: ExecInContainer): Promise<ProbeResult> => {
  const { exitCode, output } = await exec(argv, timeoutMs);
  return { success: exitCode === 0, message: output };
};

/** A port by number or by the container's name for it. Throws for an unknown name. */
const portNumber = (port: string | number, container: ContainerSpec): number => {
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  const named = container.ports?.find(({ name }) => name === port);
  if (named === undefined) throw new TypeError(`couldn't find port: no port named ${JSON.stringify(port)}`);
  return named.containerPort;
};

const httpAction = (
  action: NonNullable<Action["httpGet"]>,
  container: ContainerSpec,
  podIp: string,
  timeoutMs: number,
): Promise<ProbeResult> => {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const path = action.path ?? "/";
  const url = new URL(`${scheme}://${action.host || podIp}:${portNumber(action.port, container)}`);
  const [pathname = "/", search] = path.split(/\?(.*)/s);
  url.pathname = pathname;
  if (search !== undefined) url.search = search;
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return get(url, { "user-agent": "kube-probe/1.34", accept: "*/*", ...headers }, timeoutMs, 0);
};

const get = (url: URL, headers: Record<string, string>, timeoutMs: number, redirects: number): Promise<ProbeResult> =>
  new Promise((resolve) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const fail = (message: string): void => resolve({ success: false, message });
    const request = send(url, {
      headers,
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once("error", (error) =>
      fail(
        error.name === "AbortError" || error.name === "TimeoutError"
          ? `Get "${url.href}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
          : `Get "${url.href}": ${error.message}`,
      ),
    );
    request.once("response", (response) => {
      let bytes = 0;
      response.on("error", (error) => fail(`Get "${url.href}": ${error.message}`));
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > kubeletLimits.probeBodyBytesMax) response.destroy();
      });
      const { statusCode = 0 } = response;
      response.once("close", () => {
        const { location } = response.headers;
        const next = location === undefined ? undefined : new URL(location, url);
        const isRedirect = statusCode >= 300 && statusCode < 400 && next?.hostname === url.hostname;
        if (isRedirect && redirects < kubeletLimits.probeRedirectsMax)
          get(next, headers, timeoutMs, redirects + 1).then(resolve, (error: unknown) => fail(messageOf(error)));
        else if (statusCode >= 200 && statusCode < 400) resolve({ success: true, message: "" });
        else fail(`HTTP probe failed with statuscode: ${statusCode}`);
      });
    });
    request.end();
  });

const tcpAction = (host: string, port: number, timeoutMs: number): Promise<ProbeResult> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish({ success: false, message: `dial tcp ${host}:${port}: i/o timeout` }));
    socket.once("connect", () => finish({ success: true, message: "" }));
    socket.once("error", (error) => finish({ success: false, message: `dial tcp ${host}:${port}: ${error.message}` }));
  });
