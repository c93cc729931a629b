import { InvalidArgumentError } from "commander";

/** A port of 0 (any) to 65535. */
export const portNumber = (text: string): number => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("It must be a port of 0 to 65535.");
  return port;
};
