import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

// The checker is a script that it puts into the page, which the app's policy forbids.
test.use({ bypassCSP: true });

// It reads every element of the page, several times in a test.
test.slow();

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
  expect(found).toEqual([]);
}

/** A picture of the whole page for a person, when RINGBACK_SHOTS names a folder. */
async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.RINGBACK_SHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("signing in", async ({ desk, page }) => {
      await desk.open();
      await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
      await expectAccessible(page);
    });

    test("the history, a toast and windows of each kind", async ({ ringback, desk, page }) => {
      await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
      await ringback.deliver(unsigned(jobBody(), { id: "evt_unsigned" }));
      await desk.enter(ADMIN);
      await expect(desk.rows("evt_forged")).toHaveCount(1);
      await expectAccessible(page);
      await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
      await desk.poll();
      await expect(desk.toasts("evt_signed")).toHaveCount(1);
      await desk.viewFromToast("evt_signed");
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await desk.viewFromHistory("evt_forged");
      await expectAccessible(page);
    });

    test("filters, chips, the view's choices, a selection and no match", async ({ ringback, desk, page }) => {
      await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
      await desk.enter(ADMIN, "/?viewed=false&event_type=batch.completed&from=2020-01-01T00:00:00Z");
      await expect(desk.rows("evt_signed")).toHaveCount(1);
      await page.getByRole("checkbox", { name: "Select evt_signed" }).check();
      await page.getByText("View", { exact: true }).click();
      await expectAccessible(page);
      await page.getByRole("button", { name: "Mark 1 selected as viewed" }).click();
      await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
      await desk.filter("Event type").fill("nothing.like.this");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Remove filter Event type batch.completed" }).click();
      await expect(page.getByRole("heading", { name: "No callback matches" })).toBeVisible();
      await expectAccessible(page);
    });

    test("every way to look at a payload, and what differs", async ({ ringback, desk, page }) => {
      await ringback.deliver(sign(jobBody({ text: "x".repeat(2_000), big: 1 }), { id: "evt_signed" }));
      await ringback.deliver(forge(jobBody({ text: "other" }), { id: "evt_signed" }));
      await ringback.deliver(sign("not JSON", { id: "evt_broken" }));
      await ringback.deliver(sign(Buffer.from([0xff, 0xfe]), { id: "evt_binary" }));
      await desk.enter(ADMIN);
      const window = await desk.viewFromHistory("evt_signed");
      await window.getByRole("treeitem").filter({ hasText: '"text"' }).click({ position: { x: 60, y: 8 } });
      await window.getByRole("searchbox", { name: "Find in payload" }).fill("batch");
      await window.getByRole("button", { name: "Move and resize" }).click();
      await window.getByRole("button", { name: "Maximise or restore" }).click();
      await expectAccessible(page);
      for (const view of ["Raw", "Hex"]) {
        await window.getByRole("tab", { name: view }).click();
        await expect(window.getByRole("tabpanel", { name: view })).toBeVisible();
      }
      await window.getByRole("button", { name: "Compare with the content" }).click();
      await expect(window.getByRole("row", { name: "/text" })).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      for (const id of ["evt_broken", "evt_binary"]) {
        await desk.viewFromHistory(id);
        await expectAccessible(page);
        await page.keyboard.press("Escape");
      }
    });

    test("the sources, with the form that adds one", async ({ desk, page }) => {
      await desk.enter(ADMIN, "/sources");
      await page.getByRole("button", { name: "Add a source" }).click();
      await page.getByRole("radio", { name: /^OpenAI/ }).check();
      await page.getByRole("textbox", { name: "Secret" }).fill("v1,whsec_AAAA");
      await expect(page.getByRole("button", { name: "Mend it" })).toBeVisible();
      await expectAccessible(page);
      await look(page, `sources-new-${colorScheme}-wide`);
      await page.setViewportSize({ width: 390, height: 800 });
      await expectAccessible(page);
      await look(page, `sources-new-${colorScheme}-narrow`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wide, "pixels that would have to be scrolled sideways").toBeLessThanOrEqual(0);
    });

    test("a source with everything about it open", async ({ ringback, desk, page }) => {
      const add = ["source", "add", "openai", "--provider", "openai", "--secret-stdin"];
      await ringback.run(add, "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZW5kZXIh");
      await ringback.run(["source", "add", "bare", "--provider", "stripe", "--title", "Stripe of the shop"]);
      await desk.enter(ADMIN, "/sources");
      // The server sees within seconds what the command line changed.
      const source = page.getByRole("article", { name: "OpenAI" });
      await expect(async () => {
        await page.reload();
        await expect(source).toBeVisible({ timeout: 500 });
      }).toPass();
      await source.getByRole("button", { name: "End in a day: Secret" }).click();
      await source.getByRole("button", { name: "Add a secret" }).click();
      await source.getByRole("textbox", { name: "Secret" }).fill("sk-proj-abcdefghijklmnopqrst");
      await expect(source.getByText("which signs nothing")).toBeVisible();
      await source.getByRole("button", { name: "Edit…" }).click();
      await source.getByRole("button", { name: "Delete…" }).click();
      await source.getByRole("button", { name: "Send a test" }).click();
      await expect(source.getByRole("status").getByText("Valid")).toBeVisible();
      for (const [name, width] of [["wide", 1440], ["narrow", 390]] as const) {
        await page.setViewportSize({ width, height: 900 });
        await expectAccessible(page);
        await look(page, `sources-open-${colorScheme}-${name}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(wide, "pixels that would have to be scrolled sideways").toBeLessThanOrEqual(0);
      }
    });

    test("every tab", async ({ ringback, desk, page }) => {
      await ringback.deliver(sign(jobBody()));
      await desk.enter(ADMIN);
      const tabs = page.getByRole("navigation", { name: "Main" }).getByRole("link");
      await expect(tabs.first()).toBeVisible();
      for (const tab of await tabs.all()) {
        await tab.click();
        await expect(page.getByRole("main")).toBeVisible();
        await expectAccessible(page);
      }
    });
  });
}

test("a narrow screen", async ({ ringback, desk, page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await ringback.deliver(sign(jobBody(), { id: "evt_narrow" }));
  await desk.enter(ADMIN);
  await expect(page.getByText("evt_narrow").first()).toBeVisible();
  await expectAccessible(page);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wider, "pixels that would have to be scrolled sideways").toBeLessThanOrEqual(0);
});
