/** The child's half of `startChildServer`: says the port and ends when the parent does. */
export const announce = (port: number): void => {
  process.stdout.write(`port ${port}\n`);
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
};
