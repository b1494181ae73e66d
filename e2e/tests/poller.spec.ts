import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign } from "../support/signing";

const CHECK = "**/api/admin/llm-callbacks/check*";
const STREAM = "**/api/admin/llm-callbacks/stream*";

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

test("two hundred at once make a summary, not a wall", async ({ ringback, desk, page }) => {
  test.slow();
  await desk.enter(ADMIN);
  await desk.settle();
  // Everything comes within ten seconds, by the stream, in pages as small as it likes.
  await desk.stopTime();
  for (let index = 0; index < 12; index += 1) await ringback.deliver(forge(jobBody(), { id: `evt_forged_${index}` }));
  await ringback.send("--scenario", "burst", "--count", "188");
  const toasts = desk.notifications.getByRole("listitem");
  await expect(toasts).toHaveText([/^200 new callbacks, 12 with an invalid signature/]);
  await expect(page).toHaveTitle("(200) Callbacks · Ringback");
  await expect(desk.bell).toHaveAccessibleName("Notification centre, 200 unread");
});

test("of callbacks that come one by one three notifications are shown at a time", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  await desk.settle();
  // None of them goes because its time is over.
  await desk.stopTime();
  const steps = [
    [/evt_1/],
    [/evt_1/, /evt_2/],
    [/evt_1/, /evt_2/, /evt_3/],
    // What makes room is counted, and the count is one of the three.
    [/evt_3/, /evt_4/, /^2 new callbacks/],
    [/evt_4/, /^3 new callbacks/, /evt_5/],
  ];
  for (const [index, shown] of steps.entries()) {
    await ringback.deliver(sign(jobBody(), { id: `evt_${index + 1}` }));
    await expect(desk.notifications.getByRole("listitem")).toHaveText(shown);
  }
  await expect(desk.bell).toHaveAccessibleName("Notification centre, 5 unread");
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

test.describe("a stream that is refused", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("after a sleep what came is read in bursts that end, and told in one summary", async ({ ringback, desk, page }) => {
    await page.route(STREAM, (route) => route.fulfill({ status: 503 }));
    // Small pages, so that few callbacks are many.
    await page.route(CHECK, (route) => route.continue({ url: route.request().url().replace("limit=100", "limit=5") }));
    await desk.enter(ADMIN);
    await desk.expectConnection("Polling");
    await desk.stopTime();
    await desk.setVisible(false);
    await ringback.send("--scenario", "burst", "--count", "58");
    const asked = desk.countRequests("/llm-callbacks/check");
    await page.clock.fastForward("10:00");
    await desk.setVisible(true);
    await page.clock.runFor(500);
    // The first burst: ten pages, and then other work gets a turn.
    await expect.poll(asked).toBe(10);
    const toasts = desk.notifications.getByRole("listitem");
    await expect(toasts).toHaveText([/^50 new callbacks/]);
    await desk.expectNothingUnderWay();
    expect(asked()).toBe(10);
    await page.clock.runFor(1_000);
    await expect(toasts).toHaveText([/^58 new callbacks/]);
    await desk.expectNothingUnderWay();
    expect(asked()).toBe(12);
  });
});

test("a network that comes back is used at once", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await desk.setOnline(false);
  await desk.expectConnection("Offline");
  const asked = desk.countRequests("/llm-callbacks/check", "/llm-callbacks/stream");
  await ringback.deliver(sign(jobBody(), { id: "evt_offline" }));
  for (let minute = 0; minute < 5; minute += 1) await desk.pass("01:00");
  await expect(desk.rows("evt_offline")).toHaveCount(0);
  expect(asked(), "questions while offline").toBe(0);
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

test("an older position does not replace a newer one", async ({ ringback, desk, page }) => {
  const stored = () => page.evaluate(() => localStorage.getItem("ringback.v1.cursor")!.split(" "));
  await desk.enter(ADMIN);
  await desk.settle();
  const [first] = await stored();
  await ringback.deliver(sign(jobBody(), { id: "evt_one" }));
  await expect(desk.toasts("evt_one")).toHaveCount(1);
  const [cursor, rank] = await stored();
  expect([cursor === first, rank]).toEqual([false, "1"]);
  // Another tab was farther.
  await page.evaluate(() => localStorage.setItem("ringback.v1.cursor", "of-another-tab 9"));
  await desk.poll();
  expect(await stored()).toEqual(["of-another-tab", "9"]);
  await page.evaluate((text) => localStorage.setItem("ringback.v1.cursor", text), `${cursor} 1`);
  await desk.poll();
  expect(await stored()).toEqual([cursor, "1"]);
});

test.describe("a cursor that the server does not know", () => {
  test.use({ expectedErrors: /status of 410/ });

  test("is given up with one line, and the feed goes on", async ({ ringback, desk, page }) => {
    await desk.enter(ADMIN);
    // However far the other feed was.
    await page.evaluate(() => localStorage.setItem("ringback.v1.cursor", "long-gone 5000"));
    await page.reload();
    await expect(desk.notifications).toContainText("no longer knows where this browser had stopped");
    await ringback.deliver(sign(jobBody(), { id: "evt_goes_on" }));
    await desk.poll();
    await expect(desk.toasts("evt_goes_on")).toHaveCount(1);
    const check = desk.nextCheck();
    await page.reload();
    await check;
    await desk.poll();
    await expect(desk.rows("evt_goes_on")).toHaveCount(1);
    await expect(desk.notifications.getByRole("listitem")).toHaveCount(0);
  });
});

test.describe("a server that asks for patience", () => {
  test.use({ expectedErrors: /status of 429/ });

  // Its clock is not the browser's: 90 seconds are counted from what it says it is.
  const forms: { form: string; headers: Record<string, string> }[] = [
    { form: "in seconds", headers: { "retry-after": "90" } },
    {
      form: "as a time",
      headers: { date: "Wed, 01 Jan 2020 00:00:00 GMT", "retry-after": "Wed, 01 Jan 2020 00:01:30 GMT" },
    },
  ];
  for (const { form, headers } of forms) {
    test(`is left alone for as long as it says, ${form}`, async ({ desk, page }) => {
      await desk.enter(ADMIN);
      // The question of a stream that opens would be the one that is refused, and the waits count from there.
      await desk.settle();
      let asked = 0;
      await page.route(CHECK, async (route) => {
        asked += 1;
        await route.fulfill({ status: 429, headers });
      });
      await desk.poll();
      await desk.expectConnection(/Retrying in \d+ s/);
      // Neither does it ask because somebody comes and goes.
      await desk.setVisible(false);
      await desk.setVisible(true);
      await desk.pass("01:20");
      expect(asked).toBe(1);
      await desk.poll("00:45");
      expect(asked).toBe(2);
    });
  }

  test("may ask for more than a browser can wait", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    const asked = desk.countRequests("/llm-callbacks/check");
    await page.route(CHECK, (route) => route.fulfill({ status: 429, headers: { "retry-after": "99999999999" } }));
    await desk.poll();
    await desk.expectConnection(/Retrying in \d+ s/);
    await desk.pass("01:00:00");
    await desk.expectNothingUnderWay();
    expect(asked()).toBe(1);
  });
});

test.describe("a server that fails", () => {
  test.use({ expectedErrors: /status of 50[03]/ });

  test("is asked again after waits that grow, and nothing is lost", async ({ ringback, desk, page }) => {
    await page.addInitScript(() => (Math.random = () => 0.5));
    await page.route(STREAM, (route) => route.fulfill({ status: 503 }));
    await desk.enter(ADMIN);
    await desk.expectConnection("Polling");
    await desk.stopTime();
    await page.route(CHECK, (route) => route.fulfill({ status: 500 }));
    const asked = desk.countRequests("/llm-callbacks/check");
    await desk.checkNow();
    await ringback.deliver(sign(jobBody(), { id: "evt_through" }));
    let failures = 1;
    for (const seconds of [2, 4, 8, 16]) {
      await desk.expectConnection(`Retrying in ${seconds} s`);
      await desk.pass(seconds * 1_000 - 1);
      expect(asked(), `questions before ${seconds} s are over`).toBe(failures);
      if (seconds === 16) await page.unroute(CHECK);
      await desk.poll(1);
      failures += 1;
      expect(asked()).toBe(failures);
    }
    await desk.expectConnection("Polling");
    await expect(desk.toasts("evt_through")).toHaveCount(1);
  });
});

test.describe("a server that refuses", () => {
  test.use({ expectedErrors: /status of 403/ });

  test("is not asked again by itself, and the person is told what to do", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    const refusal = { type: "/problems/forbidden", title: "Forbidden", status: 403, detail: "not for you" };
    const refuse = { status: 403, contentType: "application/problem+json", body: JSON.stringify(refusal) };
    for (const address of [CHECK, STREAM]) await page.route(address, (route) => route.fulfill(refuse));
    const asked = desk.countRequests("/llm-callbacks/check");
    await desk.checkNow();
    await desk.expectConnection("Refused");
    await expect(desk.notifications).toContainText("You may not see callbacks. Ask an admin, then press “Check now”.");
    for (let minute = 0; minute < 5; minute += 1) await desk.pass("01:00");
    expect(asked()).toBe(1);
    for (const address of [CHECK, STREAM]) await page.unroute(address);
    await desk.checkNow();
    await desk.expectConnection(/Live|Polling/);
  });
});

test.describe("a session that ended", () => {
  test.use({ expectedErrors: /status of 401/ });

  test("asks for the password and goes on where it was", async ({ ringback, desk, page }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    await page.context().clearCookies();
    await desk.poll();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    const asked = desk.countRequests("/api/");
    await ringback.deliver(sign(jobBody(), { id: "evt_meanwhile" }));
    for (let minute = 0; minute < 5; minute += 1) await desk.pass("01:00");
    expect(asked(), "questions of somebody who is signed out").toBe(0);
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
