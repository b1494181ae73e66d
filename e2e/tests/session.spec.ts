import { ADMIN, expect, test } from "../support/fixtures";

const ENDED = "Your session has ended. Sign in to go on.";

test.describe("a session that ends", () => {
  test.use({ expectedErrors: /status of 401/ });

  test("is told of as an alert, and signing in leads back", async ({ desk, page }) => {
    await desk.enter(ADMIN, "/settings");
    await desk.settle();
    await page.context().clearCookies();
    await desk.checkNow();
    await expect(page.getByRole("alert").filter({ hasText: ENDED })).toBeVisible();
    await expect(page.getByText("Signed out", { exact: true })).toBeVisible();
    await expect(page).toHaveURL(/\/sign-in\?next=%2Fsettings$/);
    await desk.signIn(ADMIN);
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  });

  test("is no news to who signs out, or was never in", async ({ desk, page }) => {
    await desk.open("/settings");
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText(ENDED)).toHaveCount(0);
    await desk.signIn(ADMIN);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText(ENDED)).toHaveCount(0);
  });
});

test.describe("signing out that fails", () => {
  test.use({ expectedErrors: /status of 503|ERR_FAILED/ });

  test("says so and stays, because the session lives", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await page.route("**/api/session", (route) => route.fulfill({ status: 503 }));
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(desk.notifications.getByText(/^You are still signed in\. ./)).toBeVisible();
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
    await page.unroute("**/api/session");
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  });

  test("is no failure when the session had ended before", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    await page.route("**/api/session", (route) => route.fulfill({ status: 401 }));
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await expect(page.getByText(ENDED)).toHaveCount(0);
  });
});

test.describe("a connection that is lost", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("is an alert after a minute, and none when it is back", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    const alert = page.getByRole("alert").filter({ hasText: "No connection for a minute" });
    await desk.setOnline(false);
    await desk.expectConnection("Offline");
    await page.clock.runFor(59_000);
    await expect(alert).toHaveCount(0);
    await page.clock.runFor(1_000);
    await expect(alert).toHaveCount(1);
    await desk.setOnline(true);
    await desk.settle();
    await expect(alert).toHaveCount(0);
  });

  test("is announced once, and not each second of the wait", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    const status = page.getByRole("status");
    await desk.setOnline(false);
    await expect(status).toHaveText("Offline");
    await desk.setOnline(true);
    await desk.settle();

    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      const region = document.querySelector("[role=status]")!;
      const note = () => said.push(region.textContent ?? "");
      new MutationObserver(note).observe(region, { childList: true, characterData: true, subtree: true });
    });
    await page.route("**/llm-callbacks/check*", (route) =>
      route.fulfill({ status: 503, headers: { "retry-after": "60" } }),
    );
    await desk.poll();
    await desk.expectConnection(/Retrying in \d+ s/);
    await page.clock.runFor(20_000);
    await desk.expectConnection(/Retrying in [1-4]\d s/);
    expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual([
      "Retrying",
    ]);
  });
});
