import { ADMIN, expect, test } from "../support/fixtures";
import { jobBody, sign } from "../support/signing";

const CHECK = "**/api/admin/llm-callbacks/check*";

test("what came before the first visit is not toasted", async ({ ringback, desk }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_before" }));
  await desk.enter(ADMIN);
  await desk.poll();
  await expect(desk.rows("evt_before")).toHaveCount(1);
  await expect(desk.toasts("evt_before")).toHaveCount(0);
});

test("what comes while nobody looks is toasted on the next visit", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await page.goto("about:blank");
  await ringback.deliver(sign(jobBody(), { id: "evt_away" }));
  await page.goto("/");
  await expect(desk.toasts("evt_away")).toHaveCount(1);
});

test("a reload does not toast again", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_once" }));
  await desk.poll();
  await expect(desk.toasts("evt_once")).toHaveCount(1);
  const check = desk.nextCheck();
  await page.reload();
  await check;
  await desk.poll();
  await expect(desk.rows("evt_once")).toHaveCount(1);
  await expect(desk.toasts("evt_once")).toHaveCount(0);
});

test("two hundred at once make a summary, not a wall", async ({ ringback, desk }) => {
  test.slow();
  await desk.enter(ADMIN);
  await ringback.send("--scenario", "burst", "--count", "200");
  await desk.poll();
  await expect(desk.notifications.getByRole("listitem").first()).toBeVisible();
  expect(await desk.notifications.getByRole("listitem").count()).toBeLessThanOrEqual(4);
});

test.describe("a server that fails", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("is asked again, and nothing is lost", async ({ ringback, desk, page }) => {
    await desk.enter(ADMIN);
    await page.route(CHECK, (route) => route.fulfill({ status: 503, headers: { "retry-after": "1" } }));
    await desk.poll();
    await ringback.deliver(sign(jobBody(), { id: "evt_through" }));
    await page.unroute(CHECK);
    // The wait grows with each failure; two minutes is the most.
    await desk.poll("02:10");
    await expect(desk.toasts("evt_through")).toHaveCount(1);
  });
});

test.describe("a session that ended", () => {
  test.use({ expectedErrors: /status of 401/ });

  test("asks for the password and goes on where it was", async ({ ringback, desk, page }) => {
    await desk.enter(ADMIN);
    await page.context().clearCookies();
    await desk.poll();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await ringback.deliver(sign(jobBody(), { id: "evt_meanwhile" }));
    await desk.signIn(ADMIN);
    await expect(desk.toasts("evt_meanwhile")).toHaveCount(1);
  });
});

test.describe("a server that was restarted", () => {
  test.use({ expectedErrors: /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/ });

  test("is found again without a reload", async ({ ringback, desk }) => {
    await desk.enter(ADMIN);
    const port = Number(new URL(ringback.url).port);
    await ringback.halt();
    await desk.pass(11_000);
    await ringback.serve(port);
    await ringback.deliver(sign(jobBody(), { id: "evt_again" }));
    await desk.poll("02:10");
    await expect(desk.toasts("evt_again")).toHaveCount(1);
  });
});
