import { type Cluster, connect } from "../actor/index.ts";
import { MantaError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";

/** Runs `work` with a client of the control store, and closes it. `unavailable` says where it was looked for. */
export const withCluster = async <T>(
  context: CliContext,
  options: { readonly address?: string; readonly timeoutMs: number },
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> => {
  const where = options.address ?? context.env.RAY_ADDRESS ?? "the address this machine's head wrote down";
  const cluster = await connect({
    ...(options.address === undefined || options.address === "auto" ? {} : { addresses: options.address.split(",") }),
    env: context.env,
    identity: { role: "cli", id: "" },
    timeoutMs: options.timeoutMs,
  }).catch((thrown: unknown) => {
    const error = MantaError.from(thrown);
    if (!error.retryable && error.code !== "deadline_exceeded") throw error;
    throw new MantaError(
      "unavailable",
      `cannot reach the control store at ${where} (${error.rawMessage}): is the head running?`,
      { cause: error },
    );
  });
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
};
