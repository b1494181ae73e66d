import { ADMIN, expect, test } from "../support/fixtures";
import { Desk } from "../support/desk";
import { jobBody, sign } from "../support/signing";

/** Opens another tab of the same browser, which is signed in already. */
async function openSecond(desk: Desk): Promise<Desk> {
  const second = new Desk(await desk.page.context().newPage());
  const check = second.nextCheck();
  await second.page.goto("/");
  await check;
  await second.settle();
  return second;
}

test("of two tabs one asks, both show, and one toasts", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const second = await openSecond(desk);
  let asked = 0;
  second.page.on("request", (request) => {
    if (request.url().includes("/llm-callbacks/check")) asked += 1;
  });
  for (let round = 0; round < 4; round += 1) {
    // Each round has news, so that it shows when the second tab has heard of it.
    await ringback.deliver(sign(jobBody(), { id: `evt_tabs_${round}` }));
    await desk.poll();
    await expect(desk.rows(`evt_tabs_${round}`)).toHaveCount(1);
    await expect(second.rows(`evt_tabs_${round}`)).toHaveCount(1);
  }
  expect(asked, "questions of the second tab in 44 seconds").toBe(0);
  // The toast's life is over by now; the notification stays.
  await expect(second.toasts("evt_tabs_0")).toHaveCount(0);
  await expect(second.bell).toHaveAccessibleName("Notification centre, 4 unread");
});

test("a toast is shown in one tab", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const second = await openSecond(desk);
  await ringback.deliver(sign(jobBody(), { id: "evt_once" }));
  await desk.poll();
  await expect(desk.toasts("evt_once")).toHaveCount(1);
  await expect(second.rows("evt_once")).toHaveCount(1);
  await expect(second.toasts("evt_once")).toHaveCount(0);
});

/** Closes the tab as a person does. */
async function leave(desk: Desk): Promise<void> {
  const closed = desk.page.waitForEvent("close");
  await desk.page.close({ runBeforeUnload: true });
  await closed;
}

/** A tab that leads is missed for less than this. */
const TAKEOVER_MS = 2_000;

/** With the browser's locks, and as it is by plain http: without them. */
const browsers: { name: string; enter: (desk: Desk) => Promise<void> }[] = [
  { name: "with locks", enter: (desk) => desk.enter(ADMIN) },
  {
    name: "without locks",
    enter: async (desk) => {
      await desk.page.context().addInitScript(() => {
        Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
      });
      await desk.enter(ADMIN);
      expect(await desk.page.evaluate(() => "locks" in navigator && navigator.locks)).toBeUndefined();
    },
  },
];

for (const { name, enter } of browsers) {
  test(`when the tab that leads is closed another takes over at once, ${name}`, async ({ ringback, desk }) => {
    await enter(desk);
    const second = await openSecond(desk);
    await ringback.deliver(sign(jobBody(), { id: "evt_before" }));
    await expect(desk.toasts("evt_before")).toHaveCount(1);
    await expect(second.rows("evt_before")).toHaveCount(1);
    // What comes while nobody leads is not lost.
    await Promise.all([ringback.deliver(sign(jobBody(), { id: "evt_heir" })), leave(desk)]);
    await ringback.deliver(sign(jobBody(), { id: "evt_after" }));
    await expect(second.toasts("evt_after")).toHaveCount(1, { timeout: TAKEOVER_MS });
    await expect(second.rows("evt_heir")).toHaveCount(1);
    await expect(second.rows("evt_after")).toHaveCount(1);
    await expect(second.toasts("evt_before")).toHaveCount(0);
  });

  test(`a tab in the back makes room for one in front, ${name}`, async ({ ringback, desk }) => {
    await enter(desk);
    const second = await openSecond(desk);
    await desk.setVisible(false);
    // It was in front all the time, beside the other.
    await ringback.deliver(sign(jobBody(), { id: "evt_beside" }));
    await expect(second.toasts("evt_beside")).toHaveCount(1);
    await second.setVisible(false);
    await desk.setVisible(true);
    await ringback.deliver(sign(jobBody(), { id: "evt_back" }));
    await expect(desk.toasts("evt_back")).toHaveCount(1);
    await second.setVisible(true);
    await expect(second.rows("evt_back")).toHaveCount(1);
    await expect(second.toasts("evt_back")).toHaveCount(0);
    await expect(desk.toasts("evt_beside")).toHaveCount(0);
  });
}

test("the theme and the settings hold in all tabs", async ({ ringback, desk }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_told" }));
  await desk.enter(ADMIN, "/settings");
  const second = await openSecond(desk);
  await desk.page.getByRole("radio", { name: "Dark" }).check();
  await expect(second.page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
  await expect(second.rows("evt_told")).not.toContainText("UTC");
  await desk.page.getByRole("radio", { name: "UTC" }).check();
  await expect(second.rows("evt_told")).toContainText("UTC");
  // And the other way, where the choice has a place in the list too.
  const compact = desk.page.getByRole("radio", { name: "Compact" });
  await expect(compact).not.toBeChecked();
  const before = (await second.rows("evt_told").boundingBox())!;
  await second.page.getByText("View", { exact: true }).click();
  await second.page.getByRole("radio", { name: "Compact" }).check();
  await expect.poll(async () => (await second.rows("evt_told").boundingBox())!.height).toBeLessThan(before.height);
  await expect(compact).toBeChecked();
});

test("reading the notifications in one tab makes them read in the other", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const second = await openSecond(desk);
  await ringback.deliver(sign(jobBody(), { id: "evt_read" }));
  await desk.poll();
  await expect(second.bell).toHaveAccessibleName(/1 unread/);
  await second.bell.click();
  await expect(second.page.getByRole("dialog", { name: "Notification centre" })).toContainText("evt_read");
  await expect(desk.bell).toHaveAccessibleName("Notification centre");
});
