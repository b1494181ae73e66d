import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";

async function expectToldOf(page: Page, heading: string): Promise<void> {
  const told = page.getByRole("alert");
  await expect(told.getByRole("heading", { name: heading })).toBeVisible();
  await expect(told).toContainText("Reload the page");
  await expect(page.getByRole("button", { name: "Reload" })).toBeFocused();
  await expect(page).toHaveTitle(heading);
}

async function expectReloadHelps(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
}

test.describe("an app that does not start", () => {
  test.use({ expectedErrors: /ERR_FAILED|Failed to fetch|RuntimeError|unreachable|panicked/ });

  for (const part of ["**/*.wasm", "**/*.js"]) {
    test(`says so, and what to do, when ${part} does not arrive`, async ({ page }) => {
      await page.route(part, (route) => route.abort());
      await page.goto("/");
      await expectToldOf(page, "Ringback did not start");
      await page.unroute(part);
      await expectReloadHelps(page);
    });
  }

  test("says so when it panics", async ({ page }) => {
    // The first time that it asks for the body there is none, which the app cannot do without.
    await page.addInitScript(() => {
      if (sessionStorage.getItem("broken")) return;
      sessionStorage.setItem("broken", "once");
      Object.defineProperty(document, "body", {
        configurable: true,
        get() {
          delete (document as { body?: unknown }).body;
          return null;
        },
      });
    });
    await page.goto("/");
    await expectToldOf(page, "Ringback did not start");
    await expectReloadHelps(page);
  });
});

test("an app that takes long says so, and nothing of it stays when it is there", async ({ page }) => {
  await page.clock.install();
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await page.route("**/*.wasm", async (route) => {
    await arrived;
    await route.continue();
  });
  await page.goto("/");
  const told = page.getByRole("status");
  await expect(told).toHaveText("Ringback");
  await page.clock.runFor(10_000);
  await expect(told).toHaveText(/still loading.*reload the page/i);
  arrive();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("still loading")).toHaveCount(0);
});

test.describe("an app that runs", () => {
  test.use({ expectedErrors: /RuntimeError|unreachable|of somebody else/ });

  test("says so when a trap ends it, and goes on after any other error", async ({ desk, page }) => {
    await desk.open();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    const heard = page.waitForEvent("pageerror");
    await page.evaluate(() => {
      queueMicrotask(() => {
        throw new Error("of somebody else");
      });
    });
    await heard;
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();

    // A program whose one function is `unreachable`, as a panic ends in.
    await page.evaluate(() => {
      const bytes = [
        0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x78, 0, 0, 10, 5, 1, 3, 0, 0, 11,
      ];
      const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
      queueMicrotask(trap.exports["x"] as () => void);
    });
    await expectToldOf(page, "Ringback has stopped");
    await expectReloadHelps(page);
  });
});
