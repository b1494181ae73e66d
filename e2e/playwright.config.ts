import { defineConfig } from "@playwright/test";
import type { Options } from "./support/fixtures";

// `just e2e` sets RINGBACK_BIN and RINGBACK_CHROMIUM and starts PostgreSQL. RINGBACK_E2E_DATABASE
// (sqlite or postgres) leaves the other one out; `just screenshots` sets RINGBACK_E2E_SCREENSHOTS.
const database = process.env.RINGBACK_E2E_DATABASE;
const screenshots = "**/screenshots.spec.ts";
const accessibility = "**/accessibility.spec.ts";

const projects = [
  { name: "sqlite", testIgnore: [screenshots], use: { database: "sqlite" as const } },
  // What a page looks like does not depend on the database.
  { name: "postgres", testIgnore: [screenshots, accessibility], use: { database: "postgres" as const } },
];

export default defineConfig<Options, Options>({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    trace: "retain-on-failure",
    actionTimeout: 15_000,
    locale: "en-GB",
    timezoneId: "UTC",
    launchOptions: {
      executablePath: process.env.RINGBACK_CHROMIUM,
      args: [
        // Chromium's sandbox refuses root, which is who runs tests in a container.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: process.env.RINGBACK_E2E_SCREENSHOTS
    ? [{ name: "screenshots", testMatch: [screenshots], use: { database: "sqlite" as const } }]
    : projects.filter((project) => !database || project.name === database),
});
