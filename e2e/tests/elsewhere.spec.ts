import { ADMIN, expect, test } from "../support/fixtures";
import { jobBody, sign } from "../support/signing";

// Windows lie over whatever page is shown, and none of them leads away from it.

test("Escape and the brackets act on a window over the settings, and the settings stay", async ({
  ringback,
  desk,
  page,
}) => {
  for (const id of ["evt_1", "evt_2"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_2");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(desk.window("evt_2")).toBeVisible();
  await page.keyboard.press("[");
  await expect(desk.window("evt_1")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await page.keyboard.press("]");
  await expect(desk.window("evt_2")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(desk.window("evt_2")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(page).toHaveURL(/\/settings$/);
});

test("a toast opens its window over a form, which keeps what is in it", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/sources");
  await page.getByRole("button", { name: "Add a source" }).click();
  const name = page.getByLabel("Who sends?");
  await name.fill("half-typed");
  const { id } = await ringback.deliver(sign(jobBody(), { id: "evt_over" }));
  await desk.poll();
  const window = await desk.viewFromToast("evt_over");
  await expect(page).toHaveURL(`${ringback.url}/sources?callback=${id}`);
  await expect(name).toHaveValue("half-typed");
  await window.getByRole("button", { name: "Close" }).click();
  await expect(page).toHaveURL(`${ringback.url}/sources`);
  await expect(name).toHaveValue("half-typed");
});

test("a part of the alerts stays under a window, and its form keeps what is in it", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/alerts?view=channels");
  const target = page.getByLabel("Name", { exact: true });
  await target.fill("half-typed");
  const { id } = await ringback.deliver(sign(jobBody(), { id: "evt_over" }));
  await desk.poll();
  await desk.viewFromToast("evt_over");
  await expect(page).toHaveURL(`${ringback.url}/alerts?view=channels&callback=${id}`);
  await expect(target).toHaveValue("half-typed");
  // The window comes along to another part, and a reload finds both.
  await page.getByRole("link", { name: "History" }).click();
  await expect(page).toHaveURL(`${ringback.url}/alerts?view=history&callback=${id}`);
  await page.reload();
  await expect(desk.window("evt_over")).toBeVisible();
  await expect(page.getByRole("link", { name: "History" })).toHaveAttribute("aria-current", "page");
});

test("a summary leads from another page to what is not viewed, also when that was the last filter", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN, "/?viewed=false");
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await desk.settle();
  await desk.setOnline(false);
  for (let index = 0; index < 12; index += 1) await ringback.deliver(sign(jobBody(), { id: `evt_${index}` }));
  await desk.setOnline(true);
  await desk.notifications.getByRole("button", { name: "Show unviewed" }).click();
  await expect(page).toHaveURL(`${ringback.url}/?viewed=false`);
  await expect(desk.rows("evt_11")).toHaveCount(1);
});

test("the first Back after Escape goes back", async ({ ringback, desk, page }) => {
  for (const id of ["evt_one", "evt_two"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_one");
  await desk.viewFromHistory("evt_two");
  await page.keyboard.press("Escape");
  await expect(desk.window("evt_two")).toHaveCount(0);
  await expect(desk.window("evt_one")).toBeVisible();
  await page.goBack();
  await expect(desk.window("evt_one")).toHaveCount(0);
  await expect(page).toHaveURL(`${ringback.url}/`);
  // The same the other way: from there to the end of what is known.
  await page.goForward();
  await expect(desk.window("evt_one")).toBeVisible();
  await page.reload();
  await expect(desk.window("evt_one")).toBeVisible();
  await page.goBack();
  await expect(desk.window("evt_one")).toHaveCount(0);
});

test("a window from a toast gives the focus to its row, and to the page where there is none", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_row" }));
  await desk.poll();
  await expect(desk.rows("evt_row")).toHaveCount(1);
  await desk.viewFromToast("evt_row");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("link", { name: "evt_row", exact: true })).toBeFocused();
  await page.getByRole("link", { name: "Settings" }).click();
  await ringback.deliver(sign(jobBody(), { id: "evt_rowless" }));
  await desk.poll();
  await desk.viewFromToast("evt_rowless");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("main")).toBeFocused();
});
