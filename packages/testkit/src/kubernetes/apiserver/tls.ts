import { isIP } from "node:net";
import { generate } from "selfsigned";

const dayMs = 24 * 3600 * 1000;
const validityMs = 365 * dayMs;
const clusterNames = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];

/** Certificates of a server, as PEM. */
export interface ServerCertificates {
  readonly caCert: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of its own and a server's certificate for its addresses and its names in the cluster. */
export const createCertificates = async (addresses: readonly string[]): Promise<ServerCertificates> => {
  const times = {
    notBeforeDate: new Date(Date.now() - dayMs),
    notAfterDate: new Date(Date.now() + validityMs),
    keyType: "ec",
    algorithm: "sha256",
  } as const;
  const ca = await generate([{ name: "commonName", value: "manta-testkit-ca" }], {
    ...times,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const names = [...new Set([...addresses, "127.0.0.1", ...clusterNames])];
  const server = await generate([{ name: "commonName", value: "kube-apiserver" }], {
    ...times,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  return { caCert: ca.cert, cert: server.cert, key: server.private };
};
