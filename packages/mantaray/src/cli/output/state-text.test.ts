import { describe, expect, it } from "vitest";
import { actorSummaryText, listText } from "./state-text.ts";

const row = (actor_id: string, class_name: string, state: string, name: string, pid: number | null) => ({
  actor_id,
  class_name,
  state,
  name,
  pid,
});

describe("the table of list", () => {
  it("is the reference's, character for character", () => {
    const rows = [
      row("3281133ee86534e3b707190b01000000", "ServeController", "ALIVE", "SERVE_CONTROLLER_ACTOR", 49914),
      row("70a718c973c2ce9471d318f701000000", "ServeController", "DEAD", "SERVE_CONTROLLER_ACTOR", 48570),
    ];
    expect(listText(rows, "2022-10-04 21:36:37.157754")).toBe(`
======== List: 2022-10-04 21:36:37.157754 ========
Stats:
------------------------------
Total: 2

Table:
------------------------------
    ACTOR_ID                          CLASS_NAME       STATE    NAME                      PID
 0  3281133ee86534e3b707190b01000000  ServeController  ALIVE    SERVE_CONTROLLER_ACTOR  49914
 1  70a718c973c2ce9471d318f701000000  ServeController  DEAD     SERVE_CONTROLLER_ACTOR  48570

`);
  });

  it("aligns numbers to the right and long names to the left, as the reference's sample of replicas", () => {
    const replicas = [
      ["39e08b172e66a5d22b2b4cf401000000", "SERVE_REPLICA::SleepyPid#RlRptP", 203],
      ["55d59bcb791a1f9353cd34e301000000", "SERVE_REPLICA::SleepyPid#BnoOtj", 348],
    ] as const;
    const rows = replicas.map(([id, name, pid]) => row(id, "ServeReplica:SleepyPid", "ALIVE", name, pid));
    const table = listText(rows, "").split("\n").slice(8, 11);
    expect(table).toEqual([
      "    ACTOR_ID                          CLASS_NAME              STATE    NAME                               PID",
      " 0  39e08b172e66a5d22b2b4cf401000000  ServeReplica:SleepyPid  ALIVE    SERVE_REPLICA::SleepyPid#RlRptP    203",
      " 1  55d59bcb791a1f9353cd34e301000000  ServeReplica:SleepyPid  ALIVE    SERVE_REPLICA::SleepyPid#BnoOtj    348",
    ]);
  });

  it("numbers more than ten rows in a column", () => {
    const rows = Array.from({ length: 101 }, (_, index) => row("a", "b", "ALIVE", "c", index));
    const lines = listText(rows, "").split("\n").slice(9);
    expect([lines[0], lines[100]].map((line) => line?.slice(0, 8))).toEqual(["  0  a  ", "100  a  "]);
  });

  it("shows maps a line an entry, flags as words, and nothing for null", () => {
    const rows = [{ node_id: "aa", is_head_node: true, state_message: null, resources_total: { CPU: 4, memory: 0.5 } }];
    expect(listText(rows, "").split("\n").slice(8, 11)).toEqual([
      "    NODE_ID    IS_HEAD_NODE    STATE_MESSAGE    RESOURCES_TOTAL",
      " 0  aa         True                             CPU: 4.0",
      "                                                memory: 0.5",
    ]);
  });

  it("says so when there is nothing", () => {
    expect(listText([], "2022-10-04 21:36:37.157754")).toBe("No resource in the cluster\n");
  });
});

describe("the report of summary actors", () => {
  it("is the reference's, character for character", () => {
    const classes = [
      { class_name: "HTTPProxyActor", state_counts: { ALIVE: 3 } },
      { class_name: "ServeController", state_counts: { ALIVE: 1, DEAD: 1 } },
      { class_name: "ServeReplica:SleepyPid", state_counts: { ALIVE: 6 } },
    ];
    expect(actorSummaryText(classes, 11, "2022-10-04 21:40:36.454488")).toBe(`
======== Actors Summary: 2022-10-04 21:40:36.454488 ========
Stats:
------------------------------------
total_actors: 11


Table (group by class):
------------------------------------
    CLASS_NAME              STATE_COUNTS
0   HTTPProxyActor          ALIVE: 3
1   ServeController         ALIVE: 1, DEAD: 1
2   ServeReplica:SleepyPid  ALIVE: 6

`);
  });
});
