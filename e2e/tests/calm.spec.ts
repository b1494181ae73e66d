import type { Locator, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { overlap } from "../support/layout";
import { forge, jobBody, sign } from "../support/signing";

const wide = { width: 1440, height: 900 };
const narrow = { width: 390, height: 844 };

test("a list that is paused lets what arrives wait, also after a reload, until it goes on", async ({
  ringback,
  desk,
  page,
}) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_before" }));
  await desk.enter(ADMIN);
  await expect(desk.rows("evt_before")).toHaveCount(1);
  const pause = page.getByRole("button", { name: "Pause the list" });
  await expect(pause).toHaveAttribute("aria-pressed", "false");
  await page.keyboard.press("p");
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  await ringback.deliver(sign(jobBody(), { id: "evt_one" }));
  await desk.poll();
  await expect(desk.toasts("evt_one")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "1 new – show" })).toBeVisible();
  await expect(desk.rows("evt_one")).toHaveCount(0);

  // Showing what waits is no reason to go on.
  await page.getByRole("button", { name: "1 new – show" }).click();
  await expect(desk.rows("evt_one")).toHaveCount(1);
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expect(desk.rows("evt_one")).toHaveCount(1);
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  await ringback.deliver(sign(jobBody(), { id: "evt_two" }));
  await desk.poll();
  await expect(page.getByRole("button", { name: "1 new – show" })).toBeVisible();
  await expect(desk.rows("evt_two")).toHaveCount(0);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("resume");
  await page.keyboard.press("Enter");
  await expect(pause).toHaveAttribute("aria-pressed", "false");
  await expect(desk.rows("evt_two")).toHaveCount(1);
  await ringback.deliver(sign(jobBody(), { id: "evt_three" }));
  await desk.poll();
  await expect(desk.rows("evt_three")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "new – show" })).toHaveCount(0);
});

/** Where the list begins, and all that moved it without somebody's doing. */
async function watchList(page: Page): Promise<() => Promise<{ top: number; shift: number }>> {
  await page.evaluate(() => {
    const table = document.querySelector("table")!;
    let shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node: Node | null }[];
      })[]) {
        const isOfList = ({ node }: { node: Node | null }) =>
          node !== null && (table.contains(node) || node.contains(table));
        if (!entry.hadRecentInput && entry.sources.some(isOfList)) shift += entry.value;
      }
    }).observe({ type: "layout-shift" });
    Object.assign(window, {
      found: () =>
        // After the frame in which it would have moved.
        new Promise((resolve) =>
          requestAnimationFrame(() =>
            requestAnimationFrame(() =>
              resolve({ top: table.getBoundingClientRect().top + window.scrollY, shift }),
            ),
          ),
        ),
    });
  });
  return async () => {
    const found = page.evaluate(() => (window as unknown as { found: () => Promise<unknown> }).found());
    await page.clock.runFor(100);
    return (await found) as { top: number; shift: number };
  };
}

for (const [name, viewport] of [["wide", wide], ["narrow", narrow]] as const) {
  test.describe(name, () => {
    test.use({ viewport });

    test("the list stays where it is while warnings, notifications and choices come and go", async ({
      ringback,
      desk,
      page,
    }) => {
      for (const id of ["evt_1", "evt_2", "evt_3"]) await ringback.deliver(sign(jobBody(), { id }));
      await desk.enter(ADMIN);
      await expect(desk.rows("evt_")).toHaveCount(3);
      await desk.settle();
      const list = await watchList(page);
      const { top } = await list();

      await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
      await desk.poll();
      const warnings = page.getByRole("region", { name: "Warnings" });
      await expect(warnings).toContainText("Bad signatures");
      await expect(desk.rows("evt_forged")).toHaveCount(1);
      expect(await list()).toEqual({ top, shift: 0 });
      const { height } = (await warnings.boundingBox())!;
      expect(height, "of the screen").toBeLessThan(viewport.height / 8);

      await page.getByRole("checkbox", { name: "Select evt_2" }).check();
      await page.getByRole("checkbox", { name: "Select evt_1" }).check();
      const mark = page.getByRole("button", { name: "Mark 2 selected as viewed" });
      await expect(mark).toBeInViewport();
      await ringback.deliver(sign(jobBody(), { id: "evt_waits" }));
      await desk.poll();
      await expect(page.getByRole("button", { name: "1 new – show" })).toBeInViewport();
      expect(await list()).toEqual({ top, shift: 0 });
      await mark.click();
      const undo = page.getByRole("button", { name: "Undo" });
      await expect(undo).toBeInViewport();
      expect(await list()).toEqual({ top, shift: 0 });

      // What is there for a while covers nothing that stays.
      const heads = await desk.history.getByRole("columnheader").filter({ hasText: /./ }).all();
      const boxes = await desk.history.getByRole("checkbox").all();
      const filter = desk.filter("Received");
      const read = [...((await filter.isVisible()) ? [filter] : []), ...heads, ...boxes];
      for (const under of read) expect(await overlap(undo.locator(".."), under)).toBe(0);
      expect((await ringback.history()).filter((row) => row.viewed_at).map((row) => row.callback_id)).toEqual([
        "evt_2",
        "evt_1",
      ]);
    });

    test("what has the focus is not behind notifications and warnings", async ({ ringback, desk, page }) => {
      await page.addInitScript(() => localStorage.setItem("ringback.v1.preferences", "toasts=endless"));
      const ids = Array.from({ length: 24 }, (_, index) => `row_${String(index).padStart(2, "0")}`);
      for (const id of ids) await ringback.deliver(sign(jobBody(), { id }));
      await ringback.deliver(forge(jobBody(), { id: "row_24" }));
      await desk.enter(ADMIN);
      await expect(desk.rows("row_24")).toHaveCount(1);
      await page.getByRole("button", { name: "Pause the list" }).click();
      for (const id of ["evt_a", "evt_b", "evt_c"]) await ringback.deliver(sign(jobBody(), { id }));
      await desk.poll();
      await expect(desk.notifications.getByRole("listitem")).toHaveCount(3);
      await expect(page.getByRole("region", { name: "Warnings" })).toBeVisible();
      for (const id of [...ids, "row_24"].toReversed()) {
        await page.keyboard.press("j");
        const link = page.getByRole("link", { name: id, exact: true });
        await expect(link).toBeFocused();
        await expectSeen(link);
        await expectSeen(desk.rows(id).getByRole("button", { name: `Mark ${id} as viewed` }));
      }
    });
  });
}

/** Some of the element, when it has the focus, lies under nothing. */
async function expectSeen(element: Locator): Promise<void> {
  await element.focus();
  const isSeen = () =>
    element.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const parts = [0.1, 0.5, 0.9];
      return parts.some((x) =>
        parts.some((y) => {
          const hit = document.elementFromPoint(left + x * width, top + y * height);
          return hit !== null && element.contains(hit);
        }),
      );
    });
  await expect.poll(isSeen, "some of what has the focus is in sight").toBe(true);
}

test.describe("a low screen", () => {
  test.use({ viewport: { width: 640, height: 320 } });

  test("is not taken by a header that stays", async ({ ringback, desk, page }) => {
    for (let index = 0; index < 20; index += 1) await ringback.deliver(sign(jobBody(), { id: `row_${index}` }));
    await desk.enter(ADMIN);
    await expect(desk.rows("row_19")).toHaveCount(1);
    await page.mouse.move(300, 200);
    await page.mouse.wheel(0, 600);
    await expect(page.getByRole("banner")).not.toBeInViewport();
  });
});

test.describe("a phone", () => {
  test.use({ viewport: narrow });

  test("selects one, several and all", async ({ ringback, desk, page }) => {
    for (const id of ["evt_1", "evt_2", "evt_3"]) await ringback.deliver(sign(jobBody(), { id }));
    await desk.enter(ADMIN);
    await page.getByRole("checkbox", { name: "Select evt_2" }).click();
    await expect(page.getByRole("button", { name: "Mark 1 selected as viewed" })).toBeVisible();
    await expect(page.getByRole("dialog"), "a tap that selects opens nothing").toHaveCount(0);
    await page.getByRole("checkbox", { name: "Select all that are loaded" }).click();
    await page.getByRole("button", { name: "Mark 3 selected as viewed" }).click();
    await expect(page.getByText("3 marked as viewed").first()).toBeVisible();
    expect((await ringback.history()).filter((row) => row.viewed_at)).toHaveLength(3);
  });

  for (const width of [390, 320]) {
    test(`shows verdict and time of a card, however long its workflow is, at ${width} pixels`, async ({
      ringback,
      desk,
      page,
    }) => {
      await page.setViewportSize({ width, height: 844 });
      await ringback.deliver(forge(jobBody({ workflow: "customer-support-".repeat(15) }), { id: "evt_long" }));
      await ringback.deliver(sign(jobBody({ workflow: "customer-support-summaries-weekly-eu-west" }), { id: "evt_40" }));
      await ringback.deliver(sign(jobBody(), { id: "evt_short" }));
      await desk.enter(ADMIN);
      await page.getByRole("button", { name: "Mark evt_short as viewed" }).click();
      await expect(desk.rows("evt_short")).toContainText(`Viewed by ${ADMIN.name}`);
      const ends: number[] = [];
      for (const [id, verdict] of [["evt_long", "Invalid"], ["evt_40", "Valid"], ["evt_short", "Valid"]] as const) {
        const row = desk.rows(id);
        const box = async (locator: Locator) => {
          const { x, y, width, height } = (await locator.boundingBox())!;
          return { start: x, end: x + width, top: y, bottom: y + height };
        };
        const [whole, badge, cell] = [
          await box(row),
          await box(row.getByText(verdict, { exact: true })),
          await box(row.getByRole("cell", { name: verdict })),
        ];
        expect(badge.end, "the verdict is whole").toBeLessThanOrEqual(cell.end);
        expect([badge.top >= cell.top, badge.bottom <= cell.bottom]).toEqual([true, true]);
        const time = await box(row.getByRole("time"));
        expect(time.start).toBeGreaterThan(badge.end);
        ends.push(Math.round(time.end));
        const source = await box(row.getByRole("cell", { name: "default" }));
        const workflow = await box(row.getByRole("cell", { name: /^(customer|nightly)/ }));
        expect(source.end - source.start).toBeGreaterThan(40);
        expect(workflow.start).toBeGreaterThan(source.end);
        expect(workflow.end).toBeLessThan(whole.end);
        expect(whole.end - workflow.end, "at the edge of the card").toBeLessThan(16);
        expect(workflow.bottom).toBeLessThan(whole.bottom);
      }
      expect(new Set(ends).size, "times end at one line").toBe(1);
    });
  }

  test("has what is above its list in two rows", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_1" }));
    await desk.enter(ADMIN);
    const middle = async (locator: Locator) => {
      const { y, height } = (await locator.boundingBox())!;
      return Math.round(y + height / 2);
    };
    const head = await middle(page.getByRole("heading", { name: "Callbacks", level: 1 }));
    for (const name of ["Pause the list", "Mark all as viewed"]) {
      expect(Math.abs((await middle(page.getByRole("button", { name }))) - head)).toBeLessThan(4);
    }
    const view = page.getByText("View", { exact: true });
    const filters = page.getByRole("button", { name: "Filters" });
    expect(await middle(view)).toBe(await middle(filters));
    expect(await overlap(view, filters)).toBe(0);
    expect((await desk.rows("evt_1").boundingBox())!.y).toBeLessThan(220);

    await view.click();
    const choices = (await page.getByRole("group", { name: "Columns" }).boundingBox())!;
    expect(choices.x + choices.width).toBeLessThan(narrow.width);
  });

  test("says which columns it has no room for", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_1" }));
    await desk.enter(ADMIN);
    await expect(desk.rows("evt_1")).toContainText("nightly");
    await page.getByText("View", { exact: true }).click();
    const note = page.getByText("Grey: no room on this screen");
    await expect(note).toBeVisible();
    for (const name of ["Job", "Deliveries"]) await expect(page.getByRole("checkbox", { name })).toBeDisabled();
    await expect(page.getByRole("checkbox", { name: "Source" })).toBeEnabled();
    await page.getByRole("checkbox", { name: "Workflow" }).uncheck();
    await expect(desk.rows("evt_1")).not.toContainText("nightly");

    await page.setViewportSize(wide);
    await expect(page.getByRole("checkbox", { name: "Job" })).toBeEnabled();
    await expect(note).toBeHidden();
  });
});

test("the licences of the icons are served and linked", async ({ desk, page }) => {
  await desk.open();
  const href = await page.locator("link[rel=license]").getAttribute("href");
  const answer = await page.request.get(href!);
  expect(answer.headers()["content-type"]).toBe("text/plain; charset=utf-8");
  const text = await answer.text();
  for (const part of ["ISC License", "Lucide Icons and Contributors", "The MIT License (MIT)", "Cole Bemis"]) {
    expect(text).toContain(part);
  }
});
