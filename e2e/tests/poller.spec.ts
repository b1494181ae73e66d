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

test("a tab that was hidden for ten minutes catches up when it is shown", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await desk.setVisible(false);
  await ringback.deliver(sign(jobBody(), { id: "evt_hidden" }));
  await page.clock.fastForward("10:00");
  await desk.setVisible(true);
  await expect(desk.toasts("evt_hidden")).toHaveCount(1);
  await expect(desk.rows("evt_hidden")).toHaveCount(1);
});

test("a network that comes back is used at once", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await desk.setOnline(false);
  await desk.expectConnection("Offline");
  await ringback.deliver(sign(jobBody(), { id: "evt_offline" }));
  const check = desk.nextCheck();
  await desk.setOnline(true);
  await check;
  await expect(desk.toasts("evt_offline")).toHaveCount(1);
  await desk.expectConnection(/Live|Polling/);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a clock that is three hours fast changes nothing about how old a callback is", async ({
  ringback,
  desk,
  page,
}) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_clock" }));
  await page.clock.install({ time: Date.now() + 3 * 3600_000 });
  await page.goto("/");
  await desk.signIn(ADMIN);
  await expect(desk.rows("evt_clock")).toContainText(/just now|\d+ s ago/);
});

test.describe("a cursor that the server does not know", () => {
  test.use({ expectedErrors: /status of 410/ });

  test("is given up with one line, and the feed goes on", async ({ ringback, desk, page }) => {
    await desk.enter(ADMIN);
    await page.evaluate(() => localStorage.setItem("ringback.v1.cursor", "long-gone"));
    await page.reload();
    await expect(desk.notifications).toContainText("no longer knows where this browser had stopped");
    await ringback.deliver(sign(jobBody(), { id: "evt_goes_on" }));
    await desk.poll();
    await expect(desk.toasts("evt_goes_on")).toHaveCount(1);
  });
});

test.describe("a server that asks for patience", () => {
  test.use({ expectedErrors: /status of 429/ });

  test("is left alone for as long as it says", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    // The question of a stream that opens would be the one that is refused, and the waits count from there.
    await desk.settle();
    let asked = 0;
    await page.route(CHECK, async (route) => {
      asked += 1;
      await route.fulfill({ status: 429, headers: { "retry-after": "90" } });
    });
    await desk.poll();
    await desk.expectConnection(/Retrying in \d+ s/);
    await desk.pass("01:20");
    expect(asked).toBe(1);
    await desk.poll("00:45");
    expect(asked).toBe(2);
  });
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
