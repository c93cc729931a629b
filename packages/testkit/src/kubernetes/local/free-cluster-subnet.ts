import { randomInt } from "node:crypto";

const attemptsMax = 50;

/**
 * Starts a server on a subnet that no other local cluster uses: who has the API server's port on a subnet has all of it.
 * A subnet that the caller names is the only one tried.
 */
export const startOnFreeSubnet = async <T>(
  wanted: string | undefined,
  start: (subnet: string) => Promise<T>,
): Promise<{ readonly subnet: string; readonly started: T }> => {
  for (let attempt = 1; ; attempt += 1) {
    const subnet = wanted ?? `127.${randomInt(16, 250)}`;
    try {
      return { subnet, started: await start(subnet) };
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (wanted !== undefined || !isTaken || attempt === attemptsMax) throw error;
    }
  }
};

/** Where a cluster's Services are, in CIDR notation; inside what `clusterAddresses` leaves to them. */
export const serviceSubnetOf = (subnet: string): string => `${subnet}.64.0/19`;
