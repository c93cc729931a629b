/** Who runs a request: a life of a replica's process, and which of its runs. */
export interface Holder {
  readonly actorId: string;
  /** Made anew by each process: a node may start a replica again under the same actor id. */
  readonly life: string;
}

/** The name by which a run holds its key. */
export const holderName = ({ actorId, life }: Holder, run: number): string => `${actorId}/${life}/${run}`;

export const parseHolder = (name: string): Holder => {
  const [actorId = "", life = ""] = name.split("/");
  return { actorId, life };
};
