import type { Locator, Page, TestInfo } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign } from "../support/signing";

const style = (locator: Locator, property: string) =>
  locator.evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), property);

async function picture(page: Page, info: TestInfo, name: string): Promise<void> {
  await info.attach(name, { body: await page.screenshot(), contentType: "image/png" });
}

/** The longest that anything on the page moves or fades, in seconds. */
function longestMotion(page: Page): Promise<number> {
  return page.evaluate(() => {
    const seconds = (text: string) => text.split(",").map(parseFloat);
    const all = [...document.querySelectorAll("*")].flatMap((element) =>
      [null, "::before", "::after"].flatMap((part) => {
        const style = getComputedStyle(element, part);
        const animation = style.animationName === "none" ? [] : seconds(style.animationDuration);
        return [...animation, ...seconds(style.transitionDuration)];
      }),
    );
    return Math.max(...all);
  });
}

test("in forced colours a verdict is an icon, a word and a border, and the focus shows", async ({
  ringback,
  desk,
  page,
}, info) => {
  await page.emulateMedia({ forcedColors: "active" });
  await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
  await desk.enter(ADMIN);
  await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  await desk.poll();
  expect(await page.evaluate(() => matchMedia("(forced-colors: active)").matches)).toBe(true);

  for (const [id, word] of [["evt_forged", "Invalid"], ["evt_signed", "Valid"]] as const) {
    const badge = desk.rows(id).getByText(word, { exact: true });
    expect(await style(badge, "border-top-style")).toBe("solid");
    expect(parseFloat(await style(badge, "border-top-width"))).toBeGreaterThan(0);
    const icon = badge.locator("svg");
    expect((await icon.boundingBox())!.width).toBeGreaterThan(8);
    // The icon takes the colour of the text, which the system chose.
    expect(await style(icon, "stroke")).toBe(await style(badge, "color"));
  }
  const toast = desk.toasts("evt_forged");
  await expect(toast.getByText("Invalid", { exact: true })).toBeVisible();
  expect(parseFloat(await style(toast, "border-top-width"))).toBeGreaterThan(0);

  await page.keyboard.press("j");
  const link = desk.history.getByRole("link", { name: "evt_forged", exact: true });
  await expect(link).toBeFocused();
  expect(await style(link, "outline-style")).toBe("solid");
  expect(parseFloat(await style(link, "outline-width"))).toBeGreaterThanOrEqual(2);

  const window = await desk.viewFromHistory("evt_forged");
  expect(parseFloat(await style(window, "border-top-width"))).toBeGreaterThan(0);
  const bar = window.getByRole("group", { name: /Arrow keys move this window/ });
  expect(await style(bar, "background-image")).toMatch(/^none(, none)*$/);
  expect(parseFloat(await style(bar, "border-bottom-width"))).toBeGreaterThanOrEqual(2);
  await expect(bar.getByText("Invalid", { exact: true })).toBeVisible();
  const tab = (name: string) => window.getByRole("tab", { name });
  expect(await style(tab("Tree"), "border-top-color")).not.toBe(await style(tab("Raw"), "border-top-color"));
  await picture(page, info, "forced colours");
});

test("who wants less motion gets none", async ({ ringback, desk, page }, info) => {
  await desk.enter(ADMIN);
  await ringback.deliver(forge(jobBody(), { id: "evt_still" }));
  await desk.poll();
  await expect(desk.toasts("evt_still")).toHaveCount(1);
  expect(await longestMotion(page), "the usual").toBeGreaterThan(0.05);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await longestMotion(page), "with reduced motion").toBeLessThan(0.001);
  await desk.viewFromHistory("evt_still");
  expect(await longestMotion(page), "with a window").toBeLessThan(0.001);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
  expect(await longestMotion(page), "with the palette").toBeLessThan(0.001);
  await picture(page, info, "reduced motion");
});
