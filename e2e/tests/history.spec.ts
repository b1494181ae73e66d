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

  const stories: { label: string; text?: string; option?: string; found: string[] }[] = [
    { label: "Event type", text: "batch.failed", found: ["evt_forged"] },
    { label: "Workflow", text: "weekly", found: ["job_unsigned"] },
    { label: "Id begins with", text: "evt_", found: ["evt_signed", "evt_forged"] },
    { label: "Signature", option: "Invalid", found: ["evt_forged"] },
    { label: "Source", option: "default", found: ["evt_signed", "evt_forged", "job_unsigned"] },
  ];
  for (const { label, text, option, found } of stories) {
    test(`${label} narrows the history and stays in the address`, async ({ desk, page }) => {
      await desk.enter(ADMIN);
      await expect(desk.rows("batch.")).toHaveCount(3);
      if (option) await desk.filter(label).selectOption({ label: option });
      if (text) await desk.filter(label).fill(text);
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/\?./);
      await expect(desk.rows("batch.")).toHaveCount(found.length);
      for (const id of found) await expect(desk.rows(id)).toHaveCount(1);
      await page.reload();
      await expect(desk.rows("batch.")).toHaveCount(found.length);
    });
  }

  test("viewed tells what has been opened", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await desk.viewFromHistory("evt_signed");
    await expect(desk.rows("evt_signed")).toContainText(`Viewed by ${ADMIN.name}`);
    await page.keyboard.press("Escape");
    await desk.filter("Viewed").selectOption({ label: "Viewed" });
    await expect(desk.rows("batch.")).toHaveCount(1);
    await expect(desk.rows("evt_signed")).toHaveCount(1);
  });
});

test("an empty history says how to get the first callback", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
});
