import type { Locator, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

test.use({ viewport: { width: 1280, height: 800 } });

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

async function box(window: Locator): Promise<Box> {
  return (await window.boundingBox())!;
}

async function expectInside(page: Page, window: Locator): Promise<void> {
  const { x, y, width, height } = await box(window);
  const viewport = page.viewportSize()!;
  expect(x).toBeGreaterThanOrEqual(0);
  expect(y).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(viewport.width + 0.5);
  expect(y + height).toBeLessThanOrEqual(viewport.height + 0.5);
}

/** The bar of a window: what is dragged, and what takes the keys. */
function bar(window: Locator): Locator {
  return window.getByRole("group", { name: /Arrow keys move this window/ });
}

async function drag(page: Page, from: { x: number; y: number }, by: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + by.x / 2, from.y + by.y / 2);
  await page.mouse.move(from.x + by.x, from.y + by.y);
  await page.mouse.up();
}

test("three windows are open at once, and a click raises the one it hits", async ({ ringback, desk }) => {
  const ids = ["evt_a", "evt_b", "evt_c"];
  const keys = [];
  for (const id of ids) keys.push((await ringback.deliver(sign(jobBody(), { id }))).id);
  await desk.enter(ADMIN, `/?${keys.map((key) => `callback=${key}`).join("&")}`);
  for (const id of ids) await expect(desk.window(id)).toBeVisible();
  const order = () =>
    Promise.all(ids.map((id) => desk.window(id).evaluate((element) => Number(getComputedStyle(element).zIndex))));
  await expect.poll(async () => (await order()).indexOf(Math.max(...(await order())))).toBe(2);
  await bar(desk.window("evt_a")).click({ position: { x: 40, y: 10 } });
  expect((await order()).indexOf(Math.max(...(await order())))).toBe(0);
});

test("a window is dragged and resized by pointer and never leaves the viewport", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_drag" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_drag");
  const before = await box(window);
  await drag(page, { x: before.x + 60, y: before.y + 15 }, { x: -200, y: 30 });
  const moved = await box(window);
  expect([Math.round(moved.x - before.x), Math.round(moved.y - before.y)]).toEqual([-200, 30]);
  await drag(page, { x: moved.x + 60, y: moved.y + 15 }, { x: -3000, y: 3000 });
  await expectInside(page, window);
  await drag(page, { x: (await box(window)).x + 60, y: (await box(window)).y + 15 }, { x: 40, y: -600 });
  const corner = await box(window);
  await drag(page, { x: corner.x + corner.width - 8, y: corner.y + corner.height - 8 }, { x: -3000, y: -3000 });
  const smallest = await box(window);
  expect([smallest.width, smallest.height]).toEqual([320, 240]);
  await page.setViewportSize({ width: 700, height: 420 });
  await expectInside(page, window);
});

test("keys on its bar move, resize and maximise a window", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_keys" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_keys");
  await expect(bar(window)).toBeFocused();
  const before = await box(window);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowDown");
  expect(await box(window)).toMatchObject({ x: before.x - 24, y: before.y + 24, width: before.width });
  await page.keyboard.press("Control+ArrowLeft");
  expect((await box(window)).width).toBe(before.width - 24);
  await page.keyboard.press("Alt+ArrowUp");
  expect(await box(window)).toEqual({ x: 0, y: 0, width: 1280, height: 800 });
  await page.keyboard.press("Alt+ArrowDown");
  expect((await box(window)).width).toBe(before.width - 24);
});

test("everything that dragging does is done by plain buttons too", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_menu" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_menu");
  const initial = await box(window);
  await window.getByRole("button", { name: "Move and resize" }).click();
  const press = (name: string) => window.getByRole("button", { name, exact: true }).click();
  await press("Snap left");
  expect(await box(window)).toEqual({ x: 0, y: 0, width: 640, height: 800 });
  await press("Snap right");
  expect(await box(window)).toEqual({ x: 640, y: 0, width: 640, height: 800 });
  await press("Smaller");
  const smaller = await box(window);
  expect(smaller.width).toBeLessThan(640);
  await press("Centre");
  const centred = await box(window);
  expect(Math.round(centred.x + centred.width / 2)).toBe(640);
  await press("Move left");
  expect((await box(window)).x).toBeLessThan(centred.x);
  await press("Larger");
  expect((await box(window)).width).toBeGreaterThan(centred.width);
  await press("Maximise or restore");
  expect(await box(window)).toEqual({ x: 0, y: 0, width: 1280, height: 800 });
  await press("Reset");
  expect(await box(window)).toEqual(initial);
  // Escape closes the menu first.
  await page.keyboard.press("Escape");
  await expect(window.getByRole("button", { name: "Snap left" })).toBeHidden();
  await expect(window).toBeVisible();
});

test("F6 walks the windows, and Escape closes the one in use and gives the focus back", async ({ ringback, desk, page }) => {
  for (const id of ["evt_one", "evt_two"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  const one = await desk.viewFromHistory("evt_one");
  const two = await desk.viewFromHistory("evt_two");
  await expect(bar(two)).toBeFocused();
  await page.keyboard.press("Shift+F6");
  await expect(bar(one)).toBeFocused();
  await page.keyboard.press("F6");
  await expect(bar(two)).toBeFocused();
  await page.keyboard.press("F6");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("F6");
  await expect(bar(one)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(one).toBeHidden();
  await expect(two).toBeVisible();
  await expect(desk.history.getByRole("link", { name: "evt_one" })).toBeFocused();
});

test("a window comes back where it lay", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_place" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_place");
  await window.getByRole("button", { name: "Move and resize" }).click();
  await window.getByRole("button", { name: "Snap left" }).click();
  await page.reload();
  await expect(desk.window("evt_place")).toBeVisible();
  expect(await box(desk.window("evt_place"))).toEqual({ x: 0, y: 0, width: 640, height: 800 });
});

test("a maximised window comes back maximised, and knows where it lay", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_whole" }));
  await desk.enter(ADMIN);
  const before = await box(await desk.viewFromHistory("evt_whole"));
  await page.keyboard.press("ArrowLeft");
  await desk.window("evt_whole").getByRole("button", { name: "Maximise", exact: true }).click();
  await page.reload();
  await expect(desk.window("evt_whole")).toBeVisible();
  expect(await box(desk.window("evt_whole"))).toEqual({ x: 0, y: 0, width: 1280, height: 800 });
  await desk.window("evt_whole").getByRole("button", { name: "Restore", exact: true }).click();
  const after = await box(desk.window("evt_whole"));
  expect([after.x, after.width].map(Math.round)).toEqual([before.x - 24, before.width].map(Math.round));
});

test("what the menu does to a window is said", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_said" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_said");
  await window.getByRole("button", { name: "Move and resize" }).click();
  for (const [name, said] of [
    ["Snap left", "Window 640 by 800, 0 from the left, 0 from the top"],
    ["Maximise or restore", "Window 1280 by 800, 0 from the left, 0 from the top"],
    ["Smaller", /^Window 1113 by 696/],
    ["Snap right", "Window 640 by 800, 640 from the left, 0 from the top"],
    ["Larger", /^Window 736 by 800/],
    ["Reset", /^Window 589 by 624/],
  ] as const) {
    await window.getByRole("button", { name, exact: true }).click();
    await page.clock.runFor(5_500);
    await expect(page.getByRole("status").filter({ hasText: said })).toHaveCount(1);
  }
});

test("on a phone a window is a sheet over the whole screen", async ({ ringback, desk, page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await ringback.deliver(sign(jobBody(), { id: "evt_sheet" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_sheet");
  expect(await box(window)).toEqual({ x: 0, y: 0, width: 320, height: 640 });
  await window.getByRole("button", { name: "Close" }).click();
  await expect(window).toBeHidden();
});

test("Back and Forward close and open windows", async ({ ringback, desk, page }) => {
  for (const id of ["evt_one", "evt_two"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_one");
  await desk.viewFromHistory("evt_two");
  await page.goBack();
  await expect(desk.window("evt_two")).toBeHidden();
  await expect(desk.window("evt_one")).toBeVisible();
  await page.goBack();
  await expect(desk.window("evt_one")).toBeHidden();
  await page.goForward();
  await expect(desk.window("evt_one")).toBeVisible();
});

test("a window goes on to its neighbours where it lies", async ({ ringback, desk }) => {
  for (const id of ["evt_1", "evt_2", "evt_3"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_2");
  const before = await box(window);
  await window.getByRole("button", { name: "Older" }).click();
  await expect(desk.window("evt_1")).toBeVisible();
  expect(await box(desk.window("evt_1"))).toEqual(before);
  await desk.window("evt_1").getByRole("button", { name: "Older" }).click();
  await expect(desk.window("evt_1").getByRole("button", { name: "Older" })).toBeDisabled();
  await desk.window("evt_1").getByRole("button", { name: "Newer" }).click();
  await desk.window("evt_2").getByRole("button", { name: "Newer" }).click();
  await expect(desk.window("evt_3")).toBeVisible();
  await expect(desk.page.getByRole("dialog")).toHaveCount(1);
});

const verdicts = [
  { name: "valid", deliver: sign, word: "Valid", reason: /came from the sender and was not changed/ },
  { name: "invalid", deliver: forge, word: "Invalid", reason: /does not match/ },
  { name: "unsigned", deliver: unsigned, word: "Missing", reason: /carried no signature/ },
];
for (const { name, deliver, word, reason } of verdicts) {
  test(`the head of a window says ${name} in colour and word, readable over the whole of it`, async ({ ringback, desk }) => {
    await ringback.deliver(deliver(jobBody(), { id: "evt_head" }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_head");
    await expect(bar(window).getByText(word, { exact: true })).toBeVisible();
    await expect(window.getByText(reason).first()).toBeVisible();
    // Every colour of the gradient, under its scrim, against the white text.
    const worst = await bar(window).evaluate((element) => {
      const style = getComputedStyle(element);
      const numbers = (text: string) => text.match(/[\d.]+/g)!.map(Number);
      const colours = style.backgroundImage.match(/rgba?\([^)]*\)/g)!.map(numbers);
      const scrim = colours.filter((colour) => colour.length === 4)[0]!;
      const stops = colours.filter((colour) => colour.length === 3);
      const channel = (value: number) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      };
      const luminance = (colour: number[]) =>
        0.2126 * channel(colour[0]!) + 0.7152 * channel(colour[1]!) + 0.0722 * channel(colour[2]!);
      const text = luminance(numbers(style.color));
      let worst = 21;
      for (let step = 0; step <= 20; step += 1) {
        const mixed = [0, 1, 2].map((at) => {
          const base = stops[0]![at]! + ((stops[1]![at]! - stops[0]![at]!) * step) / 20;
          return base * (1 - scrim[3]!) + scrim[at]! * scrim[3]!;
        });
        const back = luminance(mixed);
        worst = Math.min(worst, (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05));
      }
      return worst;
    });
    expect(worst).toBeGreaterThanOrEqual(4.5);
  });
}

test("id, link and a command to send it again are copied", async ({ ringback, desk, page }) => {
  const body = `{"event_type": "it's", "text": "$HOME \\u00e9"}\n`;
  const { id } = await ringback.deliver(sign(body, { id: "evt_copy" }));
  await desk.enter(ADMIN);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const window = await desk.viewFromHistory("evt_copy");
  const copied = async (name: string) => {
    await window.getByRole("button", { name, exact: true }).click();
    await expect(window.getByRole("button", { name, exact: true })).toContainText("Copied");
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied("Copy id")).toBe("evt_copy");
  expect(await copied("Copy link")).toBe(`${ringback.url}/?callback=${id}`);
  const command = await copied("Copy curl");
  // A shell runs it as it is, and the same bytes arrive once more, unsigned.
  await ringback.shell(command.replace("curl -X POST", "curl -fsS -X POST"));
  const detail = await ringback.read<{ evidence: { signature: string; payload_sha256: string }[] }>(
    `/api/admin/llm-callbacks/${id}`,
  );
  expect(detail.evidence.map((delivery) => delivery.signature)).toEqual(["valid", "missing"]);
  expect(new Set(detail.evidence.map((delivery) => delivery.payload_sha256)).size).toBe(1);
});

test("what a forged delivery changed is told, shown and compared", async ({ ringback, desk }) => {
  await ringback.deliver(sign(jobBody({ status: "running", tokens: 5 }), { id: "evt_diff" }));
  await ringback.deliver(forge(jobBody({ status: "paid", tokens: 5 }), { id: "evt_diff" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_diff");
  const forged = window.getByRole("listitem").filter({ hasText: "Invalid" });
  await expect(forged).toContainText("Differs: another body");
  await expect(forged).toContainText("signature invalid");
  await forged.getByRole("button", { name: "Compare with the content" }).click();
  const change = forged.getByRole("row", { name: "/status" });
  await expect(change).toContainText('"running"');
  await expect(change).toContainText('"paid"');
  await expect(forged.getByRole("rowheader")).toHaveCount(1);
  await forged.getByRole("button", { name: "Show this body" }).click();
  await expect(window.getByText("This is the body of another delivery")).toBeVisible();
  await expect(window.getByRole("tree")).toContainText('"paid"');
  await window.getByRole("button", { name: "Show the content" }).click();
  await expect(window.getByRole("tree")).toContainText('"running"');
});
