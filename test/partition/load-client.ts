/**
 * A client machine: closed-loop connections to the proxies of its first argument, GET and POST in turn, which never
 * repeat anything. Tells its parent every request when it is told to stop.
 */
import { Agent, request } from "node:http";
import type { LoadPlan, Sent } from "./load.ts";

const plan = JSON.parse(process.argv[2] ?? "{}") as LoadPlan;
const sent: Sent[] = [];
const stop = new AbortController();

const send = (target: string, address: string, agent: Agent, method: "GET" | "POST"): Promise<Sent> =>
  new Promise((resolve) => {
    const startMs = Date.now();
    const end = (outcome: string, servedBy = ""): void =>
      resolve({ target, method, startMs, endMs: Date.now(), outcome, servedBy });
    const outgoing = request({ agent, host: address.split(":")[0], port: address.split(":")[1], path: "/", method });
    outgoing.setTimeout(plan.timeoutMs, () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    outgoing.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      response.on("end", () => {
        if (response.statusCode === 200) end("ok", (JSON.parse(text) as { ip: string }).ip);
        else end(`${response.statusCode} ${String(response.headers["x-manta-reason"] ?? "")}`);
      });
    });
    outgoing.end(method === "POST" ? "hello" : undefined);
  });

const loop = async (target: string, address: string): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let turn = 0; !stop.signal.aborted; turn += 1) {
    sent.push(await send(target, address, agent, turn % 2 === 0 ? "GET" : "POST"));
    await new Promise((resolve) => setTimeout(resolve, plan.pauseMs));
  }
  agent.destroy();
};

const loops = Object.entries(plan.targets).flatMap(([target, address]) =>
  Array.from({ length: plan.connections }, () => loop(target, address)),
);

process.once("message", () => {
  stop.abort();
  void Promise.all(loops).then(() => process.send?.(sent, () => process.exit()));
});
process.on("disconnect", () => process.exit());
