import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { ApiError } from "../../api/api-error.ts";
import type { KubeObject } from "../../api/objects.ts";
import type { Clock } from "../clock.ts";
import { mastersGroup, serviceAccountUser, type UserInfo } from "../engine/user.ts";
import { isObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { Store } from "../storage/store.ts";

const issuer = "https://kubernetes.default.svc.cluster.local";

/** What a service account's token is asked for with. */
export interface TokenOptions {
  readonly audiences?: readonly string[];
  /** Default an hour. */
  readonly expirationSeconds?: number;
  /** The token is void when this pod is gone. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** A token and until when it is good, ms since the epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresMs: number;
}

/**
 * Bearer tokens: one for the administrator, signed ones for service accounts.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens
 */
export class Tokens {
  readonly adminToken = randomBytes(24).toString("base64url");
  readonly #key = randomBytes(32);
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Throws `ApiError` (NotFound) when there is no such service account. */
  issue(namespace: string, name: string, options: TokenOptions = {}): IssuedToken {
    const account = this.#store.collection("/serviceaccounts").get(namespace, name);
    if (account === undefined)
      throw new ApiError("NotFound", `serviceaccounts "${name}" not found`, { name, kind: "serviceaccounts" });
    const seconds = Math.min(
      Math.max(options.expirationSeconds ?? 3600, limits.tokenSecondsMin),
      limits.tokenSecondsMax,
    );
    const issued = Math.floor(this.#clock.wallMs() / 1000);
    const claims = {
      iss: issuer,
      aud: options.audiences ?? [issuer],
      sub: `system:serviceaccount:${namespace}:${name}`,
      iat: issued,
      nbf: issued,
      exp: issued + seconds,
      "kubernetes.io": {
        namespace,
        serviceaccount: { name, uid: account.metadata.uid },
        ...(options.pod === undefined ? {} : { pod: options.pod }),
      },
    };
    return { token: this.#sign(claims), expiresMs: (issued + seconds) * 1000 };
  }

  /** Who has the token; undefined: nobody (any more). */
  userOf(token: string): UserInfo | undefined {
    if (same(token, this.adminToken))
      return { username: "kubernetes-admin", groups: [mastersGroup, "system:authenticated"] };
    const claims = this.#verify(token);
    const own = claims?.["kubernetes.io"];
    if (claims === undefined || !isObject(own)) return undefined;
    if (Number(claims["exp"]) * 1000 <= this.#clock.wallMs()) return undefined;
    const { namespace, serviceaccount, pod } = own as {
      namespace: string;
      serviceaccount: { name: string; uid: string };
      pod?: { name: string; uid: string };
    };
    if (!this.#lives("/serviceaccounts", namespace, serviceaccount)) return undefined;
    if (pod !== undefined && !this.#lives("/pods", namespace, pod)) return undefined;
    return serviceAccountUser(namespace, serviceaccount.name, serviceaccount.uid);
  }

  #lives(storage: string, namespace: string, { name, uid }: { name: string; uid: string }): boolean {
    const object: KubeObject | undefined = this.#store.collection(storage).get(namespace, name);
    return object !== undefined && object.metadata.uid === uid;
  }

  #sign(claims: object): string {
    const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${text}.${this.#signature(text)}`;
  }

  #verify(token: string): Record<string, unknown> | undefined {
    const [header, payload, signature] = token.split(".");
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    if (!same(signature, this.#signature(`${header}.${payload}`))) return undefined;
    return JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  }

  #signature(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};
