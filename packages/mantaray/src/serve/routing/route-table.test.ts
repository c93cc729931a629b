import { describe, expect, it } from "vitest";
import { RouteTable } from "./route-table.ts";

const table = new RouteTable([
  { prefix: "/", app: "root", deployment: "Root" },
  { prefix: "/fruit", app: "fruit", deployment: "Market" },
  { prefix: "/fruit/deep", app: "deep", deployment: "Deep" },
]);

describe("route table", () => {
  it.each([
    ["/", "root"],
    ["/x", "root"],
    ["/fruit", "fruit"],
    ["/fruit/", "fruit"],
    ["/fruit/pear", "fruit"],
    ["/fruits", "root"],
    ["/fruit/deep", "deep"],
    ["/fruit/deep/er", "deep"],
    ["/fruit/deeper", "fruit"],
  ])("%s goes to %s", (path, app) => {
    expect(table.match(path)?.app).toBe(app);
  });

  it("finds nothing where no prefix matches", () => {
    const fruit = new RouteTable([{ prefix: "/fruit", app: "fruit", deployment: "Market" }]);
    expect(fruit.match("/")).toBeUndefined();
    expect(fruit.match("/fruitcake")).toBeUndefined();
    expect(fruit.match("*")).toBeUndefined();
  });
});
