import type { Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, sign, unsigned } from "../support/signing";

// Not a test: `just screenshots` makes the pictures of the documentation with it.
const REPORT = JSON.stringify({
  event_type: "batch.completed",
  job_id: "batch_6f2c90aa",
  workflow: "nightly-report",
  created_at: "2026-11-23T02:14:07Z",
  data: { requests: { total: 4200, completed: 4197, failed: 3 }, output_file: "file_88d1", tokens: 12_345_678_901 },
  errors: [{ line: 1205, code: "rate_limited" }, { line: 3310, code: "context_length" }],
});
const ALTERED = REPORT.replace('"failed":3', '"failed":0').replace("file_88d1", "file_9999");

const folder = "../docs/images";
const wide = { width: 1440, height: 900 };
const narrow = { width: 390, height: 844 };

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, viewport: wide, expectedErrors: /status of 503/ });
    test.slow();

    /** One picture wide and one narrow, of the page as it is. */
    async function pictures(page: Page, name: string): Promise<void> {
      for (const [suffix, size] of [["", wide], ["-narrow", narrow]] as const) {
        await page.setViewportSize(size);
        await page.mouse.move(0, 0);
        await page.screenshot({ path: `${folder}/${name}${suffix}-${colorScheme}.png`, animations: "disabled" });
      }
      await page.setViewportSize(wide);
    }

    test("signing in, setting up, the empty desk and what can go wrong", async ({ desk, page }) => {
      await desk.open("/setup?token=of-the-link");
      await expect(page.getByRole("button", { name: "Create account" })).toBeVisible();
      await pictures(page, "set-up");
      await page.goto("/no/such/page");
      await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
      await pictures(page, "not-found");
      await page.goto("/");
      await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
      await pictures(page, "sign-in");
      await desk.signIn(ADMIN);
      await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
      await pictures(page, "empty");
      await page.route("**/llm-callbacks/history*", (route) => route.fulfill({ status: 503 }));
      await page.reload();
      await expect(page.getByRole("heading", { name: "The callbacks could not be read" })).toBeVisible();
      await pictures(page, "error");
    });

    test("callbacks, filters and windows", async ({ ringback, desk, page }) => {
      await ringback.send("--scenario", "demo", "--seed", "1");
      await desk.enter(ADMIN);
      await desk.settle();
      const { id } = await ringback.deliver(sign(REPORT, { id: "msg_nightly_report" }));
      await ringback.deliver(forge(ALTERED, { id: "msg_nightly_report" }));
      await expect(desk.toasts("msg_nightly_report")).toHaveCount(1);
      await desk.expectConnection("Live");
      await pictures(page, "callbacks");

      await desk.viewFromToast("msg_nightly_report");
      await expect(desk.window("msg_nightly_report").getByRole("tree")).toBeVisible();
      await pictures(page, "detail");

      const window = desk.window("msg_nightly_report");
      for (const view of ["Raw", "Hex"]) {
        await window.getByRole("tab", { name: view }).click();
        await expect(window.getByRole("tabpanel", { name: view })).toContainText(view === "Raw" ? "batch.completed" : "7b 22");
        await pictures(page, view.toLowerCase());
      }
      await window.getByRole("button", { name: "Compare with the content" }).click();
      await window.getByRole("row", { name: "/data/output_file" }).scrollIntoViewIfNeeded();
      await pictures(page, "deliveries");
      await page.keyboard.press("Escape");

      await desk.bell.click();
      await expect(page.getByRole("dialog", { name: "Notification centre" })).toContainText("msg_nightly_report");
      await pictures(page, "notifications");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("a");
      await expect(page.getByRole("dialog", { name: "Command palette" }).getByRole("option").first()).toBeVisible();
      await pictures(page, "palette");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
      await pictures(page, "shortcuts");
      await page.keyboard.press("Escape");

      const forged = await ringback.deliver(forge(ALTERED, { id: "msg_forged_report" }));
      const bare = await ringback.deliver(unsigned(REPORT, { id: "msg_unsigned_report" }));
      await page.goto(`/?${[bare.id, id, forged.id].map((id) => `callback=${id}`).join("&")}`);
      await expect(page.getByRole("dialog")).toHaveCount(3);
      for (const [name, place] of [
        ["msg_nightly_report", "Snap left"],
        ["msg_forged_report", "Snap right"],
      ] as const) {
        const window = desk.window(name);
        await window.getByRole("button", { name: "Move and resize" }).click();
        await window.getByRole("button", { name: place }).click();
        await window.getByRole("button", { name: "Move and resize" }).click();
        await expect(window.getByRole("tree")).toBeVisible();
      }
      await expect(desk.window("msg_forged_report")).toContainText("Signature invalid");
      await pictures(page, "windows");
    });

    test("sources, alerts and settings", async ({ ringback, desk, page }) => {
      const openai = ["source", "add", "openai", "--provider", "openai", "--secret-stdin"];
      await ringback.run(openai, "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZW5kZXIh");
      await ringback.run(["source", "add", "stripe", "--provider", "stripe"]);
      await desk.enter(ADMIN, "/sources");
      // The server sees within seconds what the command line changed.
      await expect(async () => {
        await page.reload();
        await expect(page.getByRole("article", { name: "Stripe" })).toBeVisible({ timeout: 500 });
      }).toPass();
      await pictures(page, "sources");
      const source = page.getByRole("article", { name: "Stripe" });
      await source.getByRole("button", { name: "Add a secret" }).click();
      await source.getByRole("textbox", { name: "Secret" }).fill("sk_live_abcdefghijklmnopqrstuvwx");
      await expect(source.getByText("which signs nothing")).toBeVisible();
      await source.scrollIntoViewIfNeeded();
      await pictures(page, "secret");

      await ringback.deliver(forge(REPORT, { id: "msg_forged" }));
      await desk.poll();
      const tabs = page.getByRole("navigation", { name: "Main" });
      await tabs.getByRole("link", { name: /^Alerts/ }).click();
      await expect(page.getByRole("article", { name: /Bad signatures/ })).toBeVisible();
      await desk.dismiss("msg_forged");
      await pictures(page, "alerts");
      await tabs.getByRole("link", { name: "Settings" }).click();
      await pictures(page, "settings");
    });
  });
}
