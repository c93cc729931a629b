/**
 * How one request ended.
 * ok: as it should be; saved: the same, after another replica had failed with it.
 * refused: 503 that says that a replica died with it and that it may not be repeated: the honest answer.
 * failed: everything else that is an answer, or none in time.
 * cut: the connection ended before the answer was whole; whether that is excused depends on what was killed.
 */
export type Outcome = "ok" | "saved" | "refused" | "failed" | "cut";

/** Marks of the proxy in an answer's head. */
export const kindOf = (status: number, head: string): "saved" | "refused" | undefined => {
  if (status === 503 && /\r\nx-manta-reason: *actor_died/i.test(head)) return "refused";
  if (status >= 200 && status <= 299 && /\r\nx-manta-retries: /i.test(head)) return "saved";
  return undefined;
};

/** What an answer means. */
export const outcomeOf = (status: number, right: boolean, kind: string | undefined): Outcome => {
  if (kind === "refused") return "refused";
  if (status < 200 || status > 299 || !right) return "failed";
  return kind === "saved" ? "saved" : "ok";
};

/** Marks the proxy process that answered: its request ids begin alike (`RequestIds`). Empty without one. */
export const proxyOf = (head: string): string =>
  /\r\nx-request-id: *([0-9a-f-]{23})-?[0-9a-f]{12}/i.exec(head)?.[1] ?? "";

/** Our own reason for an answer that is no 2xx. */
export const reasonOf = (head: string): string => /\r\nx-manta-reason: *([\w-]+)/i.exec(head)?.[1] ?? "";
