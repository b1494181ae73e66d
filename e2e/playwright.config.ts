import { defineConfig } from "@playwright/test";
import type { Options } from "./support/fixtures";

// `just e2e` sets RINGBACK_BIN and RINGBACK_CHROMIUM and starts PostgreSQL. RINGBACK_E2E_DATABASE
// (sqlite or postgres) leaves the other one out; `just screenshots` sets RINGBACK_E2E_SCREENSHOTS,
// `just bench-web` sets RINGBACK_E2E_BENCH and RINGBACK_E2E_SLOWDOWN.
const database = process.env.RINGBACK_E2E_DATABASE;
const screenshots = "**/screenshots.spec.ts";
const bench = "**/bench_web.spec.ts";

// What the screen does depends on the database only where the server answers differently.
const onBoth = ["main_job", "history", "filters", "poller", "stream"].map((story) => `**/${story}.spec.ts`);

const projects = [
  { name: "sqlite", testIgnore: [screenshots, bench], use: { database: "sqlite" as const } },
  { name: "postgres", testMatch: onBoth, use: { database: "postgres" as const } },
];

// Chromium takes the last list of these alone, so it begins with Playwright's own for Chromium.
const leftOut = [
  "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay",
  "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
  "TcpPortRandomizationWin", "ThirdPartyStoragePartitioning",
  // The address bar's suggestions are two pages of their own, which start beside each page of a test:
  // more than a quarter of the time on two cores.
  "WebUIOmniboxAimPopup", "WebUIOmniboxPopup",
];

export default defineConfig<Options, Options>({
  testDir: "tests",
  fullyParallel: true,
  // What is measured has the machine for itself.
  workers: process.env.RINGBACK_E2E_BENCH ? 1 : 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    // A trace copies the whole document before and after each step, in the page's own time.
    trace: process.env.RINGBACK_E2E_BENCH ? "off" : "retain-on-failure",
    actionTimeout: 15_000,
    locale: "en-GB",
    timezoneId: "UTC",
    launchOptions: {
      executablePath: process.env.RINGBACK_CHROMIUM,
      args: [
        // Chromium's sandbox refuses root, which is who runs tests in a container.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        `--disable-features=${leftOut.join(",")}`,
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: process.env.RINGBACK_E2E_BENCH
    ? [{ name: "bench", testMatch: [bench], use: { database: "sqlite" as const } }]
    : process.env.RINGBACK_E2E_SCREENSHOTS
    ? [{ name: "screenshots", testMatch: [screenshots, "**/accessibility.spec.ts"], use: { database: "sqlite" as const } }]
    : projects.filter((project) => !database || project.name === database),
});
