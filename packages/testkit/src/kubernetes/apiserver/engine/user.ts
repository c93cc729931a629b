/** Who asks. https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** May do everything. */
export const mastersGroup = "system:masters";

/** The server itself, its controllers and kubelets. */
export const internalUser: UserInfo = { username: "system:apiserver", groups: [mastersGroup, "system:authenticated"] };

/** The user that a service account is. */
export const serviceAccountUser = (namespace: string, name: string, uid: string): UserInfo => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  uid,
  groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
});
