import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who runs in a pod, as its /etc/passwd knows it. */
export interface EtcFiles {
  readonly hostname: string;
  /** The pod's address; programs made for the sandbox read it from /etc/.pod/ip. */
  readonly ip: string;
}

/**
 * Writes the folder that a pod's containers see as /etc/.pod. Names come from /etc/hosts alone: there is no DNS, and
 * a name that is not there fails at once.
 */
export const writeEtcFiles = (folder: string, files: EtcFiles): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "hostname"), `${files.hostname}\n`);
  writeFileSync(join(folder, "ip"), files.ip);
  writeFileSync(join(folder, "resolv.conf"), "");
  // A headless Service's name has several addresses.
  writeFileSync(join(folder, "host.conf"), "multi on\n");
  writeFileSync(join(folder, "nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n");
  writeFileSync(
    join(folder, "passwd"),
    "root:x:0:0:root:/root:/bin/bash\nray:x:1000:100:ray:/home/ray:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
  );
  writeFileSync(join(folder, "group"), "root:x:0:\nusers:x:100:\nray:x:1000:\nnogroup:x:65534:\n");
};

/** Replaces one of them in one step: a reader sees the old or the new text, never half of one. */
export const replaceEtcFile = (folder: string, name: string, text: string): void => {
  const next = join(folder, `.${name}.next`);
  writeFileSync(next, text);
  renameSync(next, join(folder, name));
};
