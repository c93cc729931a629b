import { type Random, randomBelow } from "../../../base/random.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
const prefix = "SERVE_REPLICA::";

/** Name of a new replica's actor. */
export const newReplicaName = (app: string, deployment: string, random: Random): string => {
  const suffix = Array.from({ length: 8 }, () => alphabet[randomBelow(random, alphabet.length)]).join("");
  return `${prefix}${app}#${deployment}#${suffix}`;
};

/** Takes the name of a replica's actor apart; undefined for any other name. */
export const parseReplicaName = (
  name: string,
): { readonly app: string; readonly deployment: string; readonly suffix: string } | undefined => {
  if (!name.startsWith(prefix)) return undefined;
  const [app, deployment, suffix, ...rest] = name.slice(prefix.length).split("#");
  if (app === undefined || deployment === undefined || suffix === undefined || rest.length > 0) return undefined;
  return { app, deployment, suffix };
};
