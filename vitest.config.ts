import { defineConfig } from "vitest/config";

const shared = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
};

/** Unit tests side by side; tests of whole clusters one file at a time, since they share the machine's cores. */
export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          pool: "forks",
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: {
          name: "cluster",
          include: ["test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "test/fixtures/**"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          pool: "forks",
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
