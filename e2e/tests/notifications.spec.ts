import type { Page } from "@playwright/test";
import { Desk } from "../support/desk";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign } from "../support/signing";

interface Told {
  title: string;
  body: string;
  tag: string;
}

/** Writes down what the browser is asked to tell, and lets it tell it. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: Told[] = [];
    (window as { told?: Told[] }).told = told;
    window.Notification = class extends Notification {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        told.push({ title: this.title, body: this.body, tag: this.tag });
      }
    };
  });
}

const told = (page: Page) => page.evaluate(() => (window as { told?: Told[] }).told ?? []);

test("the browser tells of a callback while nobody looks, as the person chose", async ({ ringback, desk, page }) => {
  await page.context().grantPermissions(["notifications"], { origin: ringback.url });
  await listen(page);
  await desk.enter(ADMIN, "/alerts?view=preferences");
  const rules = page.getByRole("group", { name: "Tell by the browser while I look elsewhere" });
  await rules.getByLabel("These callbacks").check();
  await rules.getByLabel(/^Event types/).fill("batch.*");
  await rules.getByLabel("Valid", { exact: true }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();

  // Somebody looks: the page itself tells.
  await ringback.deliver(forge(jobBody(), { id: "evt_seen" }));
  await desk.poll();
  await expect(desk.toasts("evt_seen")).toHaveCount(1);
  expect(await told(page)).toEqual([]);

  await desk.setVisible(false);
  await ringback.deliver(sign(jobBody(), { id: "evt_valid" }));
  await ringback.deliver(forge(jobBody({ event_type: "job.failed" }), { id: "evt_other_type" }));
  const { id } = await ringback.deliver(forge(jobBody(), { id: "evt_told" }));
  await expect
    .poll(() => told(page))
    .toEqual([{ title: "batch.completed (invalid)", body: "evt_told", tag: String(id) }]);
});

test("of two tabs one tells by the browser, and only while both are in the back", async ({ ringback, desk, page }) => {
  await page.context().grantPermissions(["notifications"], { origin: ringback.url });
  await listen(page);
  await desk.enter(ADMIN, "/alerts?view=preferences");
  await page.getByRole("group", { name: "Tell by the browser while I look elsewhere" }).getByLabel("These callbacks").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  const other = await page.context().newPage();
  await listen(other);
  const second = new Desk(other);
  await other.goto("/");
  await second.settle();
  const inAll = async () => [...(await told(page)), ...(await told(other))].map((notice) => notice.body);

  // The tab in front leads from now on, and shows it.
  await desk.setVisible(false);
  await ringback.deliver(sign(jobBody(), { id: "evt_shown" }));
  await expect(second.toasts("evt_shown")).toHaveCount(1);
  await expect(desk.bell).toHaveAccessibleName(/1 unread/);
  expect(await inAll()).toEqual([]);

  await second.setVisible(false);
  await ringback.deliver(sign(jobBody(), { id: "evt_told" }));
  for (const tab of [desk, second]) await expect(tab.bell).toHaveAccessibleName(/2 unread/);
  expect(await inAll()).toEqual(["evt_told"]);
});

test.describe("not allowed", () => {
  test("a browser that allows no notifications is said so, and nothing is saved", async ({ ringback, desk, page }) => {
    await page.context().clearPermissions();
    await listen(page);
    await desk.enter(ADMIN, "/alerts?view=preferences");
    const rules = page.getByRole("group", { name: "Tell by the browser while I look elsewhere" });
    await rules.getByLabel("These callbacks").check();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("The browser does not allow notifications of this page.")).toBeVisible();
    await page.reload();
    await expect(rules.getByLabel("These callbacks")).not.toBeChecked();
    await desk.settle();
    await desk.setVisible(false);
    await ringback.deliver(sign(jobBody(), { id: "evt_untold" }));
    // It has arrived, and whatever is told of it has been.
    await expect(desk.bell).toHaveAccessibleName("Notification centre, 1 unread");
    expect(await told(page)).toEqual([]);
  });
});
