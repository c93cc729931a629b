import { isDeepStrictEqual } from "node:util";
import type { ApiAccess } from "../../api/access.ts";
import type { KubeObject, ResourceId } from "../../api/objects.ts";

/** Writes the status where it is another one; rejects with Conflict when somebody else wrote meanwhile. */
export const writeStatus = async (
  access: ApiAccess,
  resource: ResourceId,
  object: KubeObject,
  status: object,
): Promise<void> => {
  const next: unknown = JSON.parse(JSON.stringify(status));
  if (isDeepStrictEqual(next, object["status"] ?? {})) return;
  await access.updateStatus(resource, { ...object, status: next });
};
