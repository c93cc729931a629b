import type { GcsService } from "../../protocol/gcs.ts";
import type { Implementation } from "../../rpc/index.ts";

/** The methods of these names. */
export type Methods<Name extends keyof Implementation<GcsService>> = Pick<Implementation<GcsService>, Name>;
