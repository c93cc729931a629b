import { describeAdmission } from "./admission.suite.ts";
import { describeAuthorization } from "./authorization.suite.ts";
import { describeCustomResources } from "./custom-resources.suite.ts";
import { describeDeletion } from "./deletion.suite.ts";
import { describeDiscovery } from "./discovery.suite.ts";
import { describeLists } from "./lists.suite.ts";
import { describeObjects } from "./objects.suite.ts";
import { describePatches } from "./patches.suite.ts";
import { describeServerSideApply } from "./server-side-apply.suite.ts";
import { describeSubresources } from "./subresources.suite.ts";
import type { Connect } from "./suite.ts";
import { describeTables } from "./tables.suite.ts";
import { describeWatches } from "./watches.suite.ts";

/** What a Kubernetes API server does, as far as we rely on it: for ours and for any other. One line a suite. */
export const describeApiServer = (connect: Connect): void => {
  describeObjects(connect);
  describeLists(connect);
  describeWatches(connect);
  describeDeletion(connect);
  describeAdmission(connect);
  describeAuthorization(connect);
  describeSubresources(connect);
  describeDiscovery(connect);
  describePatches(connect);
  describeServerSideApply(connect);
  describeCustomResources(connect);
  describeTables(connect);
};
