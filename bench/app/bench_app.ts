import { deployment, type Handle } from "mantaray";

/** Reads the body and answers 10 bytes, as the bare server does. */
class Answer {
  async fetch(request: Request) {
    await request.json();
    return "0123456789";
  }
}

class Callee {
  echo(value: unknown) {
    return value;
  }
}

/** Measures calls from one replica to another, where they happen. */
class Caller {
  readonly callee: Handle<Callee>;

  constructor(callee: Handle<Callee>) {
    this.callee = callee;
  }

  async fetch(request: Request) {
    const { inFlight, durationMs } = (await request.json()) as { inFlight: number; durationMs: number };
    const value = { name: "PEAR", amount: 12, tags: ["fruit", "green"], price: 1.25, note: "x".repeat(80) };
    const latenciesMs: number[] = [];
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() - startedMs < durationMs) {
          const sentMs = performance.now();
          await this.callee.echo(value);
          latenciesMs.push(performance.now() - sentMs);
        }
      }),
    );
    const { user, system } = process.cpuUsage(cpu);
    latenciesMs.sort((left, right) => left - right);
    const percentileUs = (share: number): number =>
      Math.round((latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0) * 1000);
    return {
      callsPerSecond: Math.round((latenciesMs.length * 1000) / (performance.now() - startedMs)),
      p50Us: percentileUs(0.5),
      p99Us: percentileUs(0.99),
      callerCpuUs: (user + system) / latenciesMs.length,
    };
  }
}

const options = { maxOngoingRequests: 1_000, rayActorOptions: { numCpus: 0.1 } };

export const answer = ({ replicas }: { replicas: number }) =>
  deployment(Answer, { ...options, numReplicas: replicas }).bind();
export const calls = deployment(Caller, options).bind(deployment(Callee, options).bind());
