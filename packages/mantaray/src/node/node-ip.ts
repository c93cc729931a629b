import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";

/** Whether a host name or address stays on this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Whether this process runs in a pod of Kubernetes. */
export const inPod = (env: Readonly<Record<string, string | undefined>>): boolean =>
  (env.KUBERNETES_SERVICE_HOST ?? "") !== "";

/**
 * The node's own address where the user gave none. In a pod its address (`POD_IP`, else its host name's);
 * beside a head on loopback, loopback; else the address of the interface that routes to the head.
 */
export const defaultNodeIp = async (
  env: Readonly<Record<string, string | undefined>>,
  headHost: string | undefined,
): Promise<string> => {
  if (inPod(env)) return podIp(env);
  if (headHost === undefined || isLoopback(headHost)) return "127.0.0.1";
  return routeTo(headHost);
};

const podIp = async (env: Readonly<Record<string, string | undefined>>): Promise<string> => {
  const given = env.POD_IP ?? env.MY_POD_IP;
  if (given !== undefined && isIP(given) !== 0) return given;
  // Kubernetes writes the pod's own address into /etc/hosts under its host name.
  return (await lookup(hostname())).address;
};

/** Local address of a UDP socket "connected" to the host: the kernel picks the route, nothing is sent. */
const routeTo = (host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const family = isIP(host) === 6 ? "udp6" : "udp4";
    const socket = createSocket(family);
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.connect(9, host, () => {
      const { address } = socket.address();
      socket.close();
      resolve(address);
    });
  });
