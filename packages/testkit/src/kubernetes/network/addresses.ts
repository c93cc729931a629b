/** A block of loopback addresses, ends included; the last number is never 0 or 255. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** How a cluster divides its subnet. */
export interface ClusterAddresses {
  readonly services: AddressRange;
  readonly pods: AddressRange;
  readonly nodes: AddressRange;
  readonly gateways: AddressRange;
}

/** Divides `127.a` (the first two numbers of the cluster's addresses) among Services, pods, nodes and Gateways. Throws for anything else. */
export const clusterAddresses = (subnet: string): ClusterAddresses => {
  const second = Number(/^127\.(\d{1,3})$/.exec(subnet)?.[1]);
  if (!(second >= 1 && second <= 255))
    throw new RangeError(
      `subnet must be the first two numbers of loopback addresses (127.1 to 127.255), got ${subnet}`,
    );
  const range = (from: number, to: number): AddressRange => ({
    first: `${subnet}.${from}.1`,
    last: `${subnet}.${to}.254`,
  });
  return { services: range(1, 99), pods: range(100, 249), nodes: range(250, 250), gateways: range(251, 251) };
};

/** Hands out addresses in turn, so that one that was given back is not used again soon: others may still know it. */
export class AddressPool {
  readonly #first: number;
  readonly #last: number;
  readonly #taken = new Set<number>();
  #next: number;

  constructor(range: AddressRange) {
    this.#first = toNumber(range.first);
    this.#last = toNumber(range.last);
    this.#next = this.#first;
  }

  /** Throws when all are taken. */
  take(): string {
    const size = this.#last - this.#first + 1;
    for (let tried = 0; tried < size; tried += 1) {
      const number = this.#next;
      this.#next = number === this.#last ? this.#first : number + 1;
      if (this.#taken.has(number) || number % 256 === 0 || number % 256 === 255) continue;
      this.#taken.add(number);
      return toText(number);
    }
    throw new Error(`all ${this.#taken.size} addresses from ${toText(this.#first)} to ${toText(this.#last)} are taken`);
  }

  /** This one is in use already. One of another range is none of ours. */
  reserve(address: string): void {
    const number = toNumber(address);
    if (number >= this.#first && number <= this.#last) this.#taken.add(number);
  }

  release(address: string): void {
    this.#taken.delete(toNumber(address));
  }
}

const toNumber = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);

const toText = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
