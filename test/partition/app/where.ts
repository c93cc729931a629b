import { networkInterfaces } from "node:os";
import { deployment } from "mantaray";

const address = networkInterfaces().eth0?.find(({ family }) => family === "IPv4")?.address ?? "";

/** Answers which machine and process did the work. */
class Where {
  async fetch(request: Request) {
    await request.text();
    return { ip: address, pid: process.pid };
  }
}

export const where = deployment(Where).bind();
