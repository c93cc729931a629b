/** Addresses in a row. */
export interface Subnet {
  readonly first: number;
  readonly size: number;
}

/** A subnet from CIDR notation such as `127.5.3.0/24`. Throws `RangeError`. */
export const parseSubnet = (cidr: string): Subnet => {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (match === null) throw new RangeError(`"${cidr}" is no IPv4 subnet such as 10.96.0.0/16`);
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), size };
};

/** The address at an index, as text. */
export const addressText = ({ first }: Subnet, index: number): string => {
  const address = first + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
};
