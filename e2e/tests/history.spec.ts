import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

test("pages lead to older callbacks and back, without a gap or a repeat", async ({ ringback, desk, page }) => {
  const ids = Array.from({ length: 60 }, (_, index) => `page_${String(index).padStart(3, "0")}`);
  for (const id of ids) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);

  await expect(desk.rows("page_059")).toHaveCount(1);
  await expect(desk.rows("page_")).toHaveCount(50);
  await expect(page.getByRole("button", { name: "Newer" })).toBeDisabled();
  await page.getByRole("button", { name: "Older" }).click();
  await expect(desk.rows("page_000")).toHaveCount(1);
  await expect(desk.rows("page_")).toHaveCount(10);
  await expect(page.getByRole("button", { name: "Older" })).toBeDisabled();
  await page.getByRole("button", { name: "Newer" }).click();
  await expect(desk.rows("page_059")).toHaveCount(1);
  await expect(desk.rows("page_")).toHaveCount(50);
});

test.describe("filters", () => {
  test.beforeEach(async ({ ringback }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
    await ringback.deliver(forge(jobBody({ event_type: "batch.failed" }), { id: "evt_forged" }));
    await ringback.deliver(unsigned(jobBody({ workflow: "weekly" }), { id: "job_unsigned" }));
  });

  const stories: [string, (page: import("@playwright/test").Page) => Promise<void>, string[]][] = [
    ["event type", (page) => page.getByLabel("Event type").fill("batch.failed"), ["evt_forged"]],
    ["workflow", (page) => page.getByLabel("Workflow").fill("weekly"), ["job_unsigned"]],
    ["id prefix", (page) => page.getByLabel("Id prefix").fill("evt_"), ["evt_signed", "evt_forged"]],
    [
      "signature",
      async (page) => void (await page.getByLabel("Signature").selectOption({ label: "Invalid" })),
      ["evt_forged"],
    ],
  ];
  for (const [name, fill, found] of stories) {
    test(`${name} narrows the history and stays in the address`, async ({ desk, page }) => {
      await desk.enter(ADMIN);
      await expect(desk.rows("batch.")).toHaveCount(3);
      await fill(page);
      await page.keyboard.press("Enter");
      await expect(desk.rows("batch.")).toHaveCount(found.length);
      for (const id of found) await expect(desk.rows(id)).toHaveCount(1);
      await page.reload();
      await expect(desk.rows("batch.")).toHaveCount(found.length);
    });
  }

  test("viewed tells what has been opened", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_signed");
    await expect(window.getByText(/viewed/i).first()).toBeVisible();
    await page.keyboard.press("Escape");
    await page.getByLabel("Viewed").selectOption({ label: "Viewed" });
    await expect(desk.rows("batch.")).toHaveCount(1);
    await expect(desk.rows("evt_signed")).toHaveCount(1);
  });
});

test("an empty history says how to get the first callback", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await expect(page.getByText(/no callbacks/i).first()).toBeVisible();
});
