import { ADMIN, expect, test } from "../support/fixtures";
import { surplus } from "../support/layout";
import { forge, jobBody, sign } from "../support/signing";

test("a theme is there from the first paint and survives a reload", async ({ desk, page }) => {
  await desk.enter(ADMIN, "/settings");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  // Before any of the app has run: its scripts are held back.
  await page.route(/\.(js|wasm)$/, () => {});
  await page.reload({ waitUntil: "commit" });
  await expect.poll(background).toBe(dark);
  await page.unroute(/\.(js|wasm)$/);
  await page.reload();
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
});

test("the system's theme is followed until another is chosen", async ({ desk, page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await desk.enter(ADMIN);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(background).not.toBe(light);
});

test("times are told as the person likes", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_time" }));
  await desk.enter(ADMIN, "/settings");
  const choose = async (name: RegExp) => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("radio", { name }).check();
    await page.getByRole("link", { name: /^Callbacks/ }).click();
  };
  const cell = desk.rows("evt_time").getByRole("cell").filter({ has: page.getByRole("time") });
  const cut = () => cell.evaluate((element) => element.scrollWidth - element.clientWidth);
  for (const width of [1440, 1280, 1024]) {
    await page.setViewportSize({ width, height: 800 });
    for (const [name, told] of [
      [/UTC/, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/],
      [/Local/, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/],
    ] as const) {
      await choose(name);
      await expect(cell).toHaveText(told);
      expect(await cut(), `${told} at ${width}`).toBeLessThanOrEqual(0);
      await expect(desk.rows("evt_time").getByRole("button", { name: /viewed/ })).toBeInViewport({ ratio: 1 });
    }
  }
  await choose(/Relative/);
  await expect(desk.rows("evt_time")).toContainText(/just now|ago/);
});

test("a toast lives as long as the person likes", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/settings");
  await page.getByRole("radio", { name: "Until dismissed" }).check();
  await ringback.deliver(sign(jobBody(), { id: "evt_endless" }));
  await desk.poll();
  await expect(desk.toasts("evt_endless")).toHaveCount(1);
  await page.clock.runFor("00:40");
  await expect(desk.toasts("evt_endless")).toHaveCount(1);
  await page.getByRole("radio", { name: "5 seconds" }).check();
  await page.clock.runFor(6_000);
  await expect(desk.toasts("evt_endless")).toHaveCount(0);
});

test("a toast's time stops under the pointer, with the focus inside and in a hidden tab", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_held" }));
  await desk.poll();
  const toast = desk.toasts("evt_held");
  await toast.hover();
  await page.clock.runFor("00:15");
  await expect(toast).toHaveCount(1);
  await toast.getByRole("button", { name: "View details" }).focus();
  await page.mouse.move(1, 1);
  await page.clock.runFor("00:15");
  await expect(toast).toHaveCount(1);
  await desk.setVisible(false);
  await page.getByRole("main").focus();
  await page.clock.runFor("00:15");
  await expect(toast).toHaveCount(1);
  await desk.setVisible(true);
  await page.clock.runFor("00:11");
  await expect(toast).toHaveCount(0);
});

test("nothing joins the notifications while the pointer is on one", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_pointed" }));
  await expect(desk.toasts("evt_pointed")).toHaveCount(1);
  await desk.toasts("evt_pointed").hover();
  const before = await desk.toasts("evt_pointed").boundingBox();
  for (const id of ["evt_held_1", "evt_held_2"]) await ringback.deliver(sign(jobBody(), { id }));
  await expect(desk.bell).toHaveAccessibleName(/3 unread/);
  await expect(desk.notifications.getByRole("listitem")).toHaveCount(1);
  expect(await desk.toasts("evt_pointed").boundingBox()).toEqual(before);
  await page.mouse.move(1, 1);
  for (const id of ["evt_pointed", "evt_held_1", "evt_held_2"]) await expect(desk.toasts(id)).toHaveCount(1);
});

test("a toast of long names is four lines high at the most", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_short" }));
  const id = `evt_${"l".repeat(209)}`;
  await ringback.deliver(sign(jobBody({ event_type: "e".repeat(255) }), { id }));
  await desk.poll();
  const long = desk.toasts(id);
  await expect(long.getByRole("button", { name: "View details" })).toBeInViewport();
  const [one, other] = [(await desk.toasts("evt_short").boundingBox())!, (await long.boundingBox())!];
  expect(other.height - one.height, "three lines more than one of a line").toBeLessThan(3 * 24);
  for (const name of ["e".repeat(255), id]) await expect(long.getByText(name)).toBeInViewport();
});

test("F8 leads to the notifications", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id: "evt_f8" }));
  await desk.poll();
  await expect(desk.toasts("evt_f8")).toHaveCount(1);
  await page.keyboard.press("F8");
  await page.keyboard.press("Tab");
  await expect(desk.toasts("evt_f8").getByRole("button", { name: "View details" })).toBeFocused();
});

test("a key that dismisses a notification goes on to the next, and back in the end", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await page.getByRole("link", { name: "Settings" }).focus();
  for (const id of ["evt_key_1", "evt_key_2"]) {
    await ringback.deliver(sign(jobBody(), { id }));
    await desk.poll();
    await expect(desk.toasts(id)).toHaveCount(1);
  }
  await page.keyboard.press("F8");
  await desk.notifications.getByRole("button", { name: "Dismiss" }).first().focus();
  // Pressed once more it does not take where one is for where one came from.
  await page.keyboard.press("F8");
  await expect(desk.notifications).toBeFocused();
  await desk.notifications.getByRole("button", { name: "Dismiss" }).first().focus();
  await page.keyboard.press("Enter");
  await expect(desk.notifications.getByRole("listitem")).toHaveCount(1);
  await expect(desk.notifications).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(desk.notifications.getByRole("button", { name: "Dismiss" })).toBeFocused();
  await page.keyboard.press("Space");
  await expect(desk.notifications.getByRole("listitem")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Settings" })).toBeFocused();
});

test("a notification goes by itself when the pointer has dismissed another", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  for (const id of ["evt_click_1", "evt_click_2"]) {
    await ringback.deliver(sign(jobBody(), { id }));
    await desk.poll();
    await expect(desk.toasts(id)).toHaveCount(1);
  }
  await desk.toasts("evt_click_2").getByRole("button", { name: "Dismiss" }).click();
  await expect(desk.toasts("evt_click_2")).toHaveCount(0);
  await page.mouse.move(1, 1);
  await page.clock.runFor("00:11");
  await expect(desk.toasts("evt_click_1")).toHaveCount(0);
});

test("notifications are kept, counted in the title, and lead to the callback", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await expect(page).toHaveTitle("Callbacks · Ringback");
  await ringback.deliver(sign(jobBody(), { id: "evt_kept" }));
  await desk.poll();
  await expect(page).toHaveTitle("(1) Callbacks · Ringback");
  await desk.dismiss("evt_kept");
  await desk.bell.click();
  await expect(page).toHaveTitle("Callbacks · Ringback");
  const centre = page.getByRole("dialog", { name: "Notification centre" });
  await centre.getByRole("button", { name: /evt_kept/ }).click();
  await expect(desk.window("evt_kept")).toBeVisible();
  await expect(centre).toBeHidden();
});

test("the focus stays on a notification while others arrive above it", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  for (const id of ["evt_a", "evt_b"]) await ringback.deliver(sign(jobBody(), { id }));
  await expect(desk.bell).toHaveAccessibleName(/2 unread/);
  await desk.bell.click();
  const entries = page.getByRole("dialog", { name: "Notification centre" }).getByRole("listitem");
  await entries.filter({ hasText: "evt_b" }).getByRole("button").focus();
  await ringback.deliver(sign(jobBody(), { id: "evt_c" }));
  await expect(entries).toHaveText([/evt_c/, /evt_b/, /evt_a/]);
  await expect(entries.filter({ hasText: "evt_b" }).getByRole("button")).toBeFocused();
});

test("what a screen reader is told comes in one message in five seconds", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  // From here on no time passes by itself.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000));
  const status = page.getByRole("status");
  await ringback.deliver(sign(jobBody(), { id: "evt_told" }));
  await desk.checkNow();
  await expect(status).toContainText("evt_told");
  for (const id of ["evt_later", "evt_forged"]) {
    const deliver = id === "evt_later" ? sign : forge;
    await ringback.deliver(deliver(jobBody(), { id }));
    await desk.checkNow();
    await expect(desk.rows(id)).toHaveCount(1);
    await expect(status).toContainText("evt_told");
  }
  await page.clock.runFor(5_500);
  await expect(status).toHaveText("2 new callbacks, 1 with an invalid signature");
});

for (const width of [390, 320]) {
  test(`every part of the app and of the alerts is in sight at ${width} pixels`, async ({ desk, page }) => {
    await page.setViewportSize({ width, height: 800 });
    await desk.enter(ADMIN, "/alerts");
    for (const [name, count] of [["Main", 4], ["Parts of the alerts", 4]] as const) {
      const links = page.getByRole("navigation", { name }).getByRole("link");
      await expect(links).toHaveCount(count);
      for (const link of await links.all()) {
        const { x, width: own } = (await link.boundingBox())!;
        expect(x + own, (await link.innerText()) + " ends").toBeLessThanOrEqual(width);
        await expect(link).toBeInViewport({ ratio: 1 });
      }
    }
  });
}

for (const width of [320, 1280, 2560]) {
  test(`nothing has to be scrolled sideways at ${width} pixels`, async ({ ringback, desk, page }) => {
    await page.setViewportSize({ width, height: 800 });
    await ringback.deliver(sign(jobBody(), { id: "evt_wide" }));
    await desk.enter(ADMIN);
    await expect(page.getByText("evt_wide").first()).toBeVisible();
    expect(await surplus(page)).toBeLessThanOrEqual(0);
    await page.getByRole("link", { name: "Settings" }).click();
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
    expect(await surplus(page)).toBeLessThanOrEqual(0);
  });
}
