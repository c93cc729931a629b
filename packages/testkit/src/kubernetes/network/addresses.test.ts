import { expect, test } from "vitest";
import { AddressPool, clusterAddresses } from "./addresses.ts";

test("an address that was given back comes again last", () => {
  const pool = new AddressPool({ first: "127.9.1.253", last: "127.9.2.2" });
  pool.reserve("127.9.2.1");
  expect([pool.take(), pool.take()]).toEqual(["127.9.1.253", "127.9.1.254"]);
  pool.release("127.9.1.253");
  expect(pool.take()).toBe("127.9.2.2");
  expect(pool.take()).toBe("127.9.1.253");
  expect(() => pool.take()).toThrow("addresses from 127.9.1.253 to 127.9.2.2 are taken");
});

test("a subnet that is no loopback is refused", () => {
  expect(clusterAddresses("127.44").pods.first).toBe("127.44.100.1");
  for (const subnet of ["10.1", "127", "127.256", "127.1.2"]) expect(() => clusterAddresses(subnet)).toThrow("subnet");
});
