import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { jobBody, sign } from "../support/signing";

test.beforeEach(async ({ ringback, desk }) => {
  for (const id of ["evt_a", "evt_b", "evt_c"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await expect(desk.rows("evt_c")).toHaveCount(1);
});

test("the list is walked with j and k, and o and Enter open", async ({ desk, page }) => {
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "evt_c", exact: true })).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(page.getByRole("link", { name: "evt_b", exact: true })).toBeFocused();
  await page.keyboard.press("o");
  await expect(desk.window("evt_b")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(desk.window("evt_b")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "evt_b", exact: true })).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(desk.window("evt_c")).toBeVisible();
});

test("a key on the heels of another is for the row that the other led to", async ({ page }) => {
  const focused = await page.evaluate(() => {
    for (const key of ["j", "j"]) {
      document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    return document.activeElement!.textContent;
  });
  expect(focused).toBe("evt_b");
});

test("brackets lead a window to the older and the newer callback", async ({ desk, page }) => {
  await desk.viewFromHistory("evt_b");
  await page.keyboard.press("[");
  await expect(desk.window("evt_a")).toBeVisible();
  await expect(desk.window("evt_b")).toHaveCount(0);
  await page.keyboard.press("]");
  await expect(desk.window("evt_b")).toBeVisible();
  await page.keyboard.press("]");
  await expect(desk.window("evt_c")).toBeVisible();
  await page.keyboard.press("]");
  await expect(page.getByText("This is the newest one").first()).toBeAttached();
  await expect(desk.window("evt_c").getByRole("button", { name: "Newer" })).toBeDisabled();
});

test("that there is no newer callback still holds when the window is marked as viewed", async ({ desk, page }) => {
  let mark = () => {};
  const told = new Promise<void>((resolve) => (mark = resolve));
  await page.route("**/mark-viewed", async (route) => {
    await told;
    await route.continue();
  });
  const window = await desk.viewFromHistory("evt_c");
  const newer = window.getByRole("button", { name: "Newer" });
  await page.keyboard.press("]");
  await expect(newer).toBeDisabled();
  await expect(window.getByText("Viewed")).toHaveCount(0);
  mark();
  await expect(window.getByText("Viewed")).toBeVisible();
  await expect(newer).toBeDisabled();
});

test("a slash leads to the search, where letters are letters", async ({ desk, page }) => {
  await page.keyboard.press("/");
  const search = page.getByRole("searchbox").first();
  await expect(search).toBeFocused();
  await page.keyboard.type("evt_j?gt");
  await expect(search).toHaveValue("evt_j?gt");
  await expect(desk.history).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("g and a letter lead to each page", async ({ page }) => {
  for (const [letter, title] of [
    ["s", "Sources"],
    ["a", "Alerts"],
    ["t", "Settings"],
    ["c", "Callbacks"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(letter);
    await expect(page.getByRole("heading", { name: title, exact: true, level: 1 })).toBeVisible();
  }
});

test("a dot asks for news at once", async ({ ringback, desk, page }) => {
  await desk.settle();
  await ringback.deliver(sign(jobBody(), { id: "evt_dot" }));
  await expect(desk.rows("evt_dot")).toHaveCount(1);
  const check = desk.nextCheck();
  await page.keyboard.press(".");
  await check;
});

test("shortcuts go on working after a click on a checkbox", async ({ page }) => {
  const box = (id: string) => page.getByRole("checkbox", { name: `Select ${id}` });
  await box("evt_c").click();
  await expect(box("evt_c")).toBeChecked();
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "evt_b", exact: true })).toBeFocused();
  await page.keyboard.press("x");
  await expect(box("evt_b")).toBeChecked();
  await box("evt_b").focus();
  await page.keyboard.press("x");
  await expect(box("evt_b")).not.toBeChecked();
});

test("keys are for the window whose text was clicked", async ({ desk, page }) => {
  const window = await desk.viewFromHistory("evt_b");
  await window.getByText("Signature valid").click();
  await page.keyboard.press("[");
  await expect(desk.window("evt_a")).toBeVisible();
  await desk.window("evt_a").getByText("Signature valid").click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("what is chosen in the palette stays in sight", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 420 });
  await page.keyboard.press("Control+k");
  const list = page.getByRole("listbox", { name: "Commands" });
  await expect(list.getByRole("option", { name: "Search by id" })).toBeAttached();
  const count = await list.getByRole("option").count();
  const chosen = list.getByRole("option", { selected: true });
  for (let step = 1; step < count; step += 1) await page.keyboard.press("ArrowDown");
  await expect(list.getByRole("option").last()).toHaveAttribute("aria-selected", "true");
  await expect(chosen).toBeInViewport({ ratio: 0.98 });
  await page.keyboard.press("ArrowDown");
  await expect(list.getByRole("option").first()).toHaveAttribute("aria-selected", "true");
  await expect(chosen).toBeInViewport({ ratio: 0.98 });
  // Nor does the field lie over it.
  const field = (await page.getByRole("combobox", { name: "Command" }).boundingBox())!;
  expect((await chosen.boundingBox())!.y).toBeGreaterThanOrEqual(field.y + field.height - 0.5);
  await page.keyboard.press("ArrowUp");
  await expect(list.getByRole("option").last()).toHaveAttribute("aria-selected", "true");
  await expect(chosen).toBeInViewport({ ratio: 0.98 });
});

test("g and a letter lead to another page, and Back returns", async ({ page }) => {
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(page).toHaveURL(/\/settings$/);
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page.getByRole("heading", { name: "Callbacks", exact: true })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
});

test("a question mark shows every shortcut that is written down", async ({ page }) => {
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toBeVisible();
  const shown = await sheet.evaluate((sheet) =>
    [...sheet.querySelectorAll("section")].flatMap((group) =>
      [...group.querySelectorAll("dl > div")].map((line) => [
        group.querySelector("h3")!.textContent,
        [...line.querySelectorAll("kbd")].map((key) => key.textContent).join(" "),
        line.querySelector("dd")!.textContent,
      ]),
    ),
  );
  // `## Group` and below it `| keys | what they do |`.
  const written: string[][] = [];
  let group = "";
  for (const line of readFileSync("../docs/KEYBOARD.md", "utf8").split("\n")) {
    if (line.startsWith("## ")) group = line.slice(3);
    const cells = /^\| (`.*`) \| (.*) \|$/.exec(line);
    if (cells) written.push([group, cells[1]!.replaceAll("`", ""), cells[2]!]);
  }
  expect(shown).toEqual(written);
  expect(shown.length).toBeGreaterThan(30);
  // Behind a modal dialog no shortcut works.
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page).not.toHaveURL(/settings/);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
});

test("the palette finds commands and callbacks, and gives the focus back", async ({ desk, page }) => {
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await page.keyboard.press("j");
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("combobox", { name: "Command" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(page.getByRole("link", { name: "evt_c", exact: true })).toBeFocused();

  await page.keyboard.press("Meta+k");
  await page.keyboard.type("settings");
  await expect(palette.getByRole("option").first()).toHaveText(/Go to Settings/);
  await expect(palette.getByRole("option", { selected: true })).toHaveText(/Go to Settings/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings$/);

  await page.getByRole("button", { name: "Command palette" }).click();
  await page.keyboard.type("evt_a");
  await palette.getByRole("option", { name: /evt_a/ }).click();
  await expect(page).toHaveURL(/evt_a/);
  await expect(desk.rows("evt_a")).toHaveCount(1);
  await expect(desk.rows("evt_b")).toHaveCount(0);
});

test("an open dialog leaves neither the focus nor the pointer to the page behind it", async ({ ringback, desk, page }) => {
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  const centre = page.getByRole("dialog", { name: "Notification centre" });
  const [close, settings] = ["Close", "Open the settings"].map((name) => sheet.getByRole("button", { name }));
  const bar = desk.window("evt_b").getByRole("group", { name: /Arrow keys move/ });
  await desk.rows("evt_b").getByRole("link").click();
  await expect(bar).toBeFocused();
  await ringback.deliver(sign(jobBody(), { id: "evt_behind" }));
  await desk.poll();
  await expect(desk.toasts("evt_behind")).toHaveCount(1);
  // What lies over everything else closes, and the focus comes back to its button in the end.
  await desk.bell.click();
  await expect(centre).toBeVisible();
  await page.keyboard.press("?");
  await expect(close!).toBeFocused();
  await expect(sheet).toHaveAttribute("aria-modal", "true");
  await expect(centre).toBeHidden();

  // The Tab key goes round.
  await page.keyboard.press("Tab");
  await expect(settings!).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(close!).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(settings!).toBeFocused();
  // A click on what takes no focus leaves it in the dialog, too.
  await sheet.getByRole("heading", { name: "Keyboard shortcuts" }).click();
  await expect(sheet).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(close!).toBeFocused();
  // So does what gives it to something behind: a key, or another program.
  for (const key of ["F6", "F8"]) await page.keyboard.press(key);
  await expect(close!).toBeFocused();
  await page.getByRole("link", { name: "Settings" }).focus();
  await expect(close!).toBeFocused();

  // Nothing behind it can be pointed at.
  for (const behind of [
    page.getByRole("link", { name: "Settings" }),
    desk.bell,
    desk.window("evt_b").getByRole("button", { name: "Close" }),
    desk.toasts("evt_behind").getByRole("button", { name: "View details" }),
  ]) {
    const isOver = await behind.evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return document.elementFromPoint(x + width / 2, y + height / 2)?.closest("dialog") !== null;
    });
    expect(isOver, String(behind)).toBe(true);
  }
  // A click beside it closes it and does nothing else.
  const bell = (await desk.bell.boundingBox())!;
  await page.mouse.click(bell.x + bell.width / 2, bell.y + bell.height / 2);
  await expect(sheet).toBeHidden();
  await expect(centre).toBeHidden();
  await expect(desk.bell).toBeFocused();
  await expect(desk.window("evt_b")).toBeVisible();
});

test("Escape closes a dialog and leaves the window behind it", async ({ desk, page }) => {
  const bar = desk.window("evt_b").getByRole("group", { name: /Arrow keys move/ });
  await desk.rows("evt_b").getByRole("link").click();
  await expect(bar).toBeFocused();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await expect(palette.getByRole("combobox")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(bar).toBeFocused();
});

test.describe("what has the focus and goes away", () => {
  const main = (page: Page) => page.getByRole("main");
  /** Presses what has the focus, which must not be nothing. */
  const press = async (button: Locator) => {
    await button.focus();
    await button.press("Enter");
  };

  test("leaves it to the page after signing in", async ({ page }) => {
    await expect(main(page)).toBeFocused();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("button", { name: "Pause the list" })).toBeFocused();
  });

  test("leaves it to the link of the row when it is the row's dot", async ({ page }) => {
    await press(page.getByRole("button", { name: "Mark evt_b as viewed" }));
    await expect(page.getByRole("link", { name: "evt_b", exact: true })).toBeFocused();
  });

  test("leaves it to the page when all are marked, and when that is taken back", async ({ page }) => {
    const all = page.getByRole("button", { name: "Mark all as viewed" });
    await press(all);
    await expect(all).toBeDisabled();
    await expect(main(page)).toBeFocused();
    const undo = page.getByRole("button", { name: "Undo" });
    await press(undo);
    await expect(undo).toHaveCount(0);
    await expect(main(page)).toBeFocused();
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await press(page.getByRole("button", { name: "Mark 1 selected as viewed" }));
    await expect(undo).toBeVisible();
    await expect(main(page)).toBeFocused();
  });

  test("leaves it to the page when a command of the palette disables it", async ({ page }) => {
    const all = page.getByRole("button", { name: "Mark all as viewed" });
    await all.focus();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("mark all");
    await page.keyboard.press("Enter");
    await expect(all).toBeDisabled();
    await expect(main(page)).toBeFocused();
  });

  test("leaves it to the page when filters go or waiting callbacks come", async ({ ringback, desk, page }) => {
    await desk.filter("Signature").selectOption({ label: "Valid" });
    await press(page.getByRole("button", { name: "Clear all filters" }));
    await expect(page.getByRole("list", { name: "Active filters" })).toHaveCount(0);
    await expect(main(page)).toBeFocused();
    await page.keyboard.press("p");
    await ringback.deliver(sign(jobBody(), { id: "evt_d" }));
    await desk.poll();
    await press(page.getByRole("button", { name: "1 new – show" }));
    await expect(desk.rows("evt_d")).toHaveCount(1);
    await expect(main(page)).toBeFocused();
  });

  test("leaves it to what takes its place in a payload, and to the window at the end of the list", async ({
    ringback,
    desk,
    page,
  }) => {
    const body = JSON.stringify({ event_type: "x", output: "word ".repeat(600) });
    await ringback.deliver(sign(body, { id: "evt_long" }));
    await desk.poll();
    const window = await desk.viewFromHistory("evt_long");
    const tree = window.getByRole("tree", { name: "Payload" });
    await tree.focus();
    await page.keyboard.press("End");
    await press(window.getByRole("button", { name: "Show whole text" }));
    await expect(window.getByRole("tabpanel").getByRole("group", { name: "Payload" })).toBeFocused();
    await press(window.getByRole("button", { name: "Back to the tree" }));
    await expect(tree).toBeFocused();
    await press(window.getByRole("button", { name: "Newer" }));
    await expect(window.getByRole("button", { name: "Newer" })).toBeDisabled();
    // The window, or that in it which can be scrolled: keys are for it.
    const isInside = () =>
      window.evaluate((window) => window.contains(document.activeElement) && !document.activeElement!.matches(":disabled"));
    await expect.poll(isInside).toBe(true);
    await page.keyboard.press("Escape");
    await expect(window).toHaveCount(0);
  });

  test("does not matter when somebody has clicked beside it", async ({ desk, page }) => {
    await page.getByRole("button", { name: "Mark all as viewed" }).focus();
    await page.getByText("Ringback", { exact: true }).click();
    await desk.rows("evt_b").getByRole("button").click();
    await page.getByText("Ringback", { exact: true }).click();
    await page.evaluate(() => document.querySelector<HTMLElement>("[aria-label='Mark evt_c as viewed']")!.click());
    await page.evaluate(() => document.querySelector<HTMLElement>("[aria-label='Mark evt_a as viewed']")!.click());
    await expect(page.getByRole("button", { name: "Mark all as viewed" })).toBeDisabled();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  });
});

test("shortcuts can be switched off; the palette stays", async ({ page }) => {
  await page.goto("/settings");
  await page.getByRole("group", { name: "Shortcuts of single letters" }).getByRole("radio", { name: "Off" }).check();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).toHaveURL(/\/settings$/);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
});
