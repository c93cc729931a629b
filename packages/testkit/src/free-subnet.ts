import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const attemptsMax = 50;

/** First three numbers of loopback addresses that nobody uses on the ports a cluster needs. */
export const freeSubnet = async (ports: readonly number[] = [6379, 8000, 8265]): Promise<string> => {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const subnet = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`;
    const free = await Promise.all(ports.map((port) => isFree(`${subnet}.1`, port)));
    if (free.every(Boolean)) return subnet;
  }
  throw new Error(`no loopback subnet with the ports ${ports.join(", ")} free`);
};

const isFree = async (host: string, port: number): Promise<boolean> => {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
};
