import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

test.beforeEach(async ({ ringback }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
  await ringback.deliver(forge(jobBody({ event_type: "batch.failed" }), { id: "evt_forged" }));
  await ringback.deliver(unsigned(jobBody({ workflow: "weekly" }), { id: "job_unsigned" }));
});

const stories: { label: string; text?: string; option?: string; query: string; found: string[] }[] = [
  { label: "Event type", text: "batch.failed", query: "event_type=batch.failed", found: ["evt_forged"] },
  { label: "Workflow", text: "weekly", query: "workflow=weekly", found: ["job_unsigned"] },
  { label: "Callback or job id", text: "evt_", query: "id_prefix=evt_", found: ["evt_signed", "evt_forged"] },
  { label: "Signature", option: "Invalid", query: "signature=invalid", found: ["evt_forged"] },
  {
    label: "Signature",
    option: "Not valid",
    query: "signature=unchecked,missing,invalid",
    found: ["evt_forged", "job_unsigned"],
  },
  { label: "Source", text: "default", query: "source=default", found: ["evt_signed", "evt_forged", "job_unsigned"] },
  { label: "Viewed", option: "Not viewed", query: "viewed=false", found: ["evt_signed", "evt_forged", "job_unsigned"] },
  { label: "Viewed", option: "Viewed", query: "viewed=true", found: [] },
  { label: "Received", option: "Last hour", query: "from=1h", found: ["evt_signed", "evt_forged", "job_unsigned"] },
  { label: "Received", option: "Last 24 hours", query: "from=24h", found: ["evt_signed", "evt_forged", "job_unsigned"] },
];
for (const { label, text, option, query, found } of stories) {
  test(`${label} ${text ?? option} narrows the history, is a chip, and stays in the address`, async ({
    ringback,
    desk,
    page,
  }) => {
    await desk.enter(ADMIN);
    await expect(desk.rows("batch.")).toHaveCount(3);
    if (option) await desk.filter(label).selectOption({ label: option });
    if (text) await desk.filter(label).fill(text);
    await page.keyboard.press("Enter");
    const chip = page.getByRole("button", { name: `Remove filter ${label} ${text ?? option}`, exact: true });
    const expectAll = async () => {
      await expect(page).toHaveURL(`${ringback.url}/?${query}`);
      await expect(chip).toBeVisible();
      await expect(page.getByRole("button", { name: /^Remove filter/ })).toHaveCount(1);
      await expect(desk.rows("batch.")).toHaveCount(found.length);
      for (const id of found) await expect(desk.rows(id)).toHaveCount(1);
      if (option) await expect(desk.filter(label).locator("option:checked")).toHaveText(option);
    };
    await expectAll();
    await page.reload();
    await expectAll();
    await chip.click();
    await expect(page).toHaveURL(`${ringback.url}/`);
    await expect(desk.rows("batch.")).toHaveCount(3);
  });
}

test("filters are combined, and the address has all of them", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await desk.filter("Event type").fill("batch.failed");
  await page.keyboard.press("Enter");
  await desk.filter("Signature").selectOption({ label: "Invalid or missing" });
  await desk.filter("Viewed").selectOption({ label: "Not viewed" });
  await desk.filter("Received").selectOption({ label: "Last 7 days" });
  const expectAll = async () => {
    await expect(page).toHaveURL(
      `${ringback.url}/?event_type=batch.failed&signature=invalid,missing&viewed=false&from=168h`,
    );
    const chips = page.getByRole("button", { name: /^Remove filter/ });
    const names = ["Event type batch.failed", "Signature Invalid or missing", "Viewed Not viewed", "Received Last 7 days"];
    await expect(chips).toHaveText(names);
    await expect(desk.rows("batch.")).toHaveCount(1);
    await expect(desk.rows("evt_forged")).toHaveCount(1);
  };
  await expectAll();
  await page.reload();
  await expectAll();
  await page.getByRole("button", { name: "Remove filter Event type batch.failed" }).click();
  await expect(desk.rows("batch.")).toHaveCount(2);
});

test("the id's field emptied by its own × lets the filter go at once", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  const field = desk.filter("Callback or job id");
  await field.fill("job_");
  await page.keyboard.press("Enter");
  await expect(desk.rows("batch.")).toHaveCount(1);
  await expect(page).toHaveURL(/id_prefix=job_/);
  const { width, height } = (await field.boundingBox())!;
  const edge = await field.evaluate((field) => parseFloat(getComputedStyle(field).paddingInlineEnd));
  await field.click({ position: { x: width - edge - 8, y: height / 2 } });
  await expect(field).toHaveValue("");
  await expect(page).toHaveURL(`${ringback.url}/`);
  await expect(page.getByRole("button", { name: /^Remove filter/ })).toHaveCount(0);
  await expect(desk.rows("batch.")).toHaveCount(3);
  // It was one step: Back leads to the filter.
  await page.goBack();
  await expect(page).toHaveURL(/id_prefix=job_/);
});

test("several values of a filter are chips, each removed by itself", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await desk.filter("Event type").fill("batch.failed");
  await page.keyboard.press("Enter");
  await expect(desk.rows("batch.")).toHaveCount(1);
  await desk.filter("Event type").fill("batch.completed");
  await page.keyboard.press("Enter");
  await expect(desk.rows("batch.")).toHaveCount(3);
  await expect(page).toHaveURL(/event_type=batch.failed&event_type=batch.completed/);
  await page.getByRole("button", { name: "Remove filter Event type batch.failed" }).click();
  await expect(desk.rows("batch.")).toHaveCount(2);
  await page.goBack();
  await expect(desk.rows("batch.")).toHaveCount(3);
  await page.getByRole("button", { name: "Clear all filters" }).click();
  await expect(page.getByRole("list", { name: "Active filters" })).toBeHidden();
});

for (const width of [1440, 390]) {
  test(`long values keep to a page of ${width} pixels, and are removed in sight`, async ({ desk, page }) => {
    await page.setViewportSize({ width, height: 844 });
    await desk.enter(ADMIN, `/?workflow=${"w".repeat(255)}&id_prefix=${"x".repeat(1_000)}`);
    const chips = page.getByRole("button", { name: /^Remove filter/ });
    await expect(chips).toHaveCount(2);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    for (const chip of await chips.all()) {
      const { x, width: cross } = (await chip.locator("svg").boundingBox())!;
      expect(x + cross).toBeLessThan(width);
    }
    await chips.first().click();
    await expect(chips).toHaveCount(1);
  });
}

test("a span of time stays what was chosen and follows the clock", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await desk.filter("Received").selectOption({ label: "Last hour" });
  await expect(desk.rows("batch.")).toHaveCount(3);
  await expect(page.getByLabel("From", { exact: true })).toHaveCount(0);
  const asked = page.waitForRequest((request) => request.url().includes("/history?from="));
  await page.reload();
  const from = new URL((await asked).url()).searchParams.get("from")!;
  const now = await page.evaluate(() => Date.now());
  expect(Math.abs(now - 3_600_000 - Date.parse(from))).toBeLessThan(60_000);
});

test("two times of one's own are chosen, and begin with the span that was there", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await desk.filter("Received").selectOption({ label: "Last hour" });
  await desk.filter("Received").selectOption({ label: "From … to …" });
  await expect(page).toHaveURL(/from=20\d\d-/);
  await expect(page.getByLabel("From", { exact: true })).not.toHaveValue("");
  await expect(desk.rows("batch.")).toHaveCount(3);
  await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
  await expect(page.getByRole("heading", { name: "No callback matches" })).toBeVisible();
  await page.getByRole("button", { name: "Show all callbacks" }).click();
  await expect(desk.rows("batch.")).toHaveCount(3);
});

test("an address with a time, as earlier versions wrote it, is read", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/?from=2020-01-01T00:00:00.000Z&to=2021-01-01T00:00:00.000Z");
  await expect(page.getByRole("heading", { name: "No callback matches" })).toBeVisible();
  await expect(desk.filter("Received").locator("option:checked")).toHaveText("From … to …");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2020-01-01T00:00");
  const chips = page.getByRole("button", { name: /^Remove filter/ });
  await expect(chips).toHaveText([/^From 2020-01-01 00:00:00 /, /^To 2021-01-01 00:00:00 /]);
  await chips.last().click();
  await expect(page).toHaveURL(`${ringback.url}/?from=2020-01-01T00:00:00.000Z`);
  await expect(desk.rows("batch.")).toHaveCount(3);
});

test("viewed tells what has been opened", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_signed");
  await expect(desk.rows("evt_signed")).toContainText(`Viewed by ${ADMIN.name}`);
  await page.keyboard.press("Escape");
  await desk.filter("Viewed").selectOption({ label: "Viewed" });
  await expect(desk.rows("batch.")).toHaveCount(1);
  await expect(desk.rows("evt_signed")).toHaveCount(1);
});
