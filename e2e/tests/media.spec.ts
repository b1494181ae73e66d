import type { Locator, Page, TestInfo } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { overlap, surplus } from "../support/layout";
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

/** What a person chose in the browser's settings; 16 is the usual. */
async function setLetters(page: Page, px: number): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  await browser.send("Page.setFontSizes", { fontSizes: { standard: px } });
}

/** Nothing of one element is outside the other. */
async function expectInside(inner: Locator, outer: Locator): Promise<void> {
  const [a, b] = [(await inner.boundingBox())!, (await outer.boundingBox())!];
  expect(a.x).toBeGreaterThanOrEqual(b.x - 0.5);
  expect(a.y).toBeGreaterThanOrEqual(b.y - 0.5);
  expect(a.x + a.width).toBeLessThanOrEqual(b.x + b.width + 0.5);
  expect(a.y + a.height).toBeLessThanOrEqual(b.y + b.height + 0.5);
}

for (const [px, columns] of [[24, 4], [32, 0]] as const) {
  test(`who wants letters of ${px} pixels reads and reaches everything`, async ({ ringback, desk, page }, info) => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await setLetters(page, px);
    const ids = Array.from({ length: 40 }, (_, index) => `row_${String(index).padStart(2, "0")}`);
    for (const id of ids) await ringback.deliver(forge(jobBody(), { id }));
    await desk.enter(ADMIN);
    await expect(desk.rows("row_39")).toHaveCount(1);

    expect(await surplus(page), "to scroll sideways").toBeLessThanOrEqual(0);
    for (const link of await page.getByRole("navigation", { name: "Main" }).getByRole("link").all()) {
      await expectInside(link, page.getByRole("banner"));
    }
    let seen = 0;
    for (const head of await desk.history.getByRole("columnheader").all()) {
      await expectInside(head, desk.history);
      if ((await head.boundingBox())!.width > 100) seen += 1;
    }
    expect(seen, "columns with a name").toBeGreaterThanOrEqual(columns);

    const row = desk.rows("row_38");
    const { height } = (await row.getByText("Invalid", { exact: true }).boundingBox())!;
    expect(height, "the letters are large").toBeGreaterThan(px);
    await expectInside(row.getByText("Invalid", { exact: true }), row);
    await expectInside(row.getByRole("checkbox"), row);
    await expectInside(row.getByRole("link"), row);
    await expectInside(row.getByRole("time"), row);
    await picture(page, info, `${px} pixels`);

    // What is in the document is what is in sight, to the end of the list.
    await page.getByText("40 shown, that is all").scrollIntoViewIfNeeded();
    for (const id of ["row_00", "row_01"]) await expect(desk.rows(id)).toBeInViewport();
    expect(await desk.rows("row_").count(), "rows in the document").toBeLessThan(26);
    for (let index = 0; index < 3; index += 1) await page.keyboard.press("j");
    await expect(desk.history.getByRole("link").and(page.locator(":focus"))).toBeInViewport();
  });
}

for (const width of [320, 390]) {
  test(`letters of 32 pixels on a phone ${width} pixels wide leave every button its place`, async ({ ringback, desk, page }, info) => {
    await page.setViewportSize({ width, height: 844 });
    await setLetters(page, 32);
    await ringback.deliver(sign(jobBody(), { id: "evt_large" }));
    await desk.enter(ADMIN);
    await expect(desk.rows("evt_large")).toHaveCount(1);
    const main = page.getByRole("main");
    const view = main.getByText("View", { exact: true });
    const buttons = [...(await main.getByRole("button").all()), view];
    expect(buttons.length).toBeGreaterThan(4);
    for (const [at, one] of buttons.entries()) {
      const box = (await one.boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      for (const other of buttons.slice(at + 1)) expect(await overlap(one, other), `${one} and ${other}`).toBe(0);
    }
    await picture(page, info, `32 pixels, ${width} wide`);
    await view.click();
    const choice = main.getByText("Comfortable");
    await choice.scrollIntoViewIfNeeded();
    await expect(choice).toBeInViewport({ ratio: 1 });
    expect(await surplus(page), "to scroll sideways").toBeLessThanOrEqual(0);
    await picture(page, info, `32 pixels, ${width} wide, View`);
  });
}

test("a table that is wider than the page is scrolled inside its own box", async ({ ringback, desk, page }) => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await ringback.deliver(sign(jobBody(), { id: "evt_wide" }));
  await desk.enter(ADMIN);
  await expect(desk.rows("evt_wide")).toHaveCount(1);
  // As an extension does it: the browser's queries do not know of it.
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "32px";
    window.dispatchEvent(new Event("resize"));
  });
  await expect.poll(async () => (await desk.rows("evt_wide").boundingBox())!.width).toBeGreaterThan(1280);
  expect(await surplus(page), "to scroll sideways").toBeLessThanOrEqual(0);
  const viewed = desk.rows("evt_wide").getByRole("button", { name: "Mark evt_wide as viewed" });
  await viewed.scrollIntoViewIfNeeded();
  await expect(viewed).toBeInViewport({ ratio: 1 });
  for (const link of await page.getByRole("navigation", { name: "Main" }).getByRole("link").all()) {
    await expectInside(link, page.getByRole("banner"));
  }
});
