import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { Mailbox } from "../support/mailbox";
import { forge, jobBody, sign } from "../support/signing";

/** The card of an alert or of a channel. */
const card = (page: Page, name: RegExp | string) => page.getByRole("article", { name });

const tab = (page: Page) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Alerts/ });

test("a bad signature is in the banner, the tab and the alert centre, until somebody takes note", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  await expect(tab(page)).toHaveText("Alerts");
  await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  await desk.poll();
  const banner = page.getByRole("region", { name: "Warnings" });
  await expect(banner).toContainText("Bad signatures from “default”");
  await expect(tab(page)).toContainText("1 not acknowledged");

  await tab(page).click();
  await expect(banner).toHaveCount(0);
  const alert = card(page, /Bad signatures/);
  await expect(alert).toContainText("1 time");
  await alert.getByRole("button", { name: "Acknowledge" }).click();
  await expect(alert).toContainText(`Acknowledged by ${ADMIN.name}`);
  await expect(tab(page)).not.toContainText("not acknowledged");
  await alert.getByRole("combobox", { name: "Mute" }).selectOption("for 8 hours");
  await expect(alert).toContainText("Muted until");
  await alert.getByRole("combobox", { name: "Mute" }).selectOption("End the mute");
  await expect(alert).not.toContainText("Muted until");

  await alert.getByRole("link", { name: "Open an example" }).click();
  await expect(desk.window("evt_forged")).toBeVisible();
  await expect(banner).toHaveCount(0);
});

test.describe("channels", () => {
  test.use({ serverEnvironment: { RINGBACK_OUTBOUND_ALLOW: "127.0.0.0/8" } });

  test("a signed webhook is added, tested, fails visibly, and is deleted", async ({ desk, page }) => {
    const mailbox = await Mailbox.start();
    try {
      await desk.enter(ADMIN);
      await tab(page).click();
      await page.getByRole("link", { name: "Channels" }).click();
      await expect(page.getByText("Add a channel to hear of them elsewhere")).toBeVisible();
      const form = page.getByRole("form", { name: "New channel" });
      await form.getByLabel("Kind").selectOption("Signed webhook");
      await form.getByLabel("Name").fill("pager");
      await form.getByLabel("URL").fill(mailbox.url);
      await form.getByRole("button", { name: "Add" }).click();
      await expect(page.getByText(/whsec_/)).toBeVisible();
      const channel = card(page, "pager");
      await channel.getByRole("button", { name: "Send a test" }).click();
      await expect(page.getByText("The test was taken.")).toBeVisible();
      await expect(channel).toContainText("Last told");
      expect(mailbox.got).toHaveLength(1);
      expect(mailbox.got[0]!.headers["webhook-signature"]).toMatch(/^v1,/);
      expect(mailbox.got[0]!.body).toContain("test of the channel");

      mailbox.status = 500;
      await channel.getByRole("button", { name: "Send a test" }).click();
      await expect(channel).toContainText("the receiver answered with status 500");
      await channel.getByRole("button", { name: "Turn off" }).click();
      await expect(channel).toContainText("(off)");
      await channel.getByRole("button", { name: "Delete" }).click();
      await channel.getByRole("button", { name: "Really delete" }).click();
      await expect(channel).toHaveCount(0);
    } finally {
      await mailbox.stop();
    }
  });
});

test.describe("a lost key", () => {
  test.use({
    serverEnvironment: { RINGBACK_OUTBOUND_ALLOW: "127.0.0.0/8" },
    expectedErrors: /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/,
  });

  test("makes channels ask for their secret, and with it they tell again", async ({ ringback, desk, page }) => {
    const mailbox = await Mailbox.start();
    try {
      await desk.enter(ADMIN, "/alerts?view=channels");
      const form = page.getByRole("form", { name: "New channel" });
      for (const [kind, name] of [["Signed webhook", "pager"], ["Slack-compatible webhook", "chat"]] as const) {
        await form.getByLabel("Kind").selectOption(kind);
        await form.getByLabel("Name").fill(name);
        await form.getByLabel("URL").fill(mailbox.url);
        await form.getByRole("button", { name: "Add" }).click();
        await expect(card(page, name)).toBeVisible();
      }
      const port = Number(new URL(ringback.url).port);
      await ringback.halt();
      await ringback.shell("rm ringback.key");
      const said = await ringback.run(["source", "rotate-key", "--lost"]);
      expect(said).toContain("2 alert channels ask for their secret again");
      await ringback.serve(port);
      await page.reload();

      const [pager, chat] = [card(page, "pager"), card(page, "chat")];
      for (const channel of [pager, chat]) {
        await expect(channel).toContainText("its secret was lost with the server's key: give it again");
      }
      // What is typed stays while the list is read again.
      await chat.getByRole("textbox", { name: "URL" }).fill(mailbox.url);
      await pager.getByRole("button", { name: "Make a new signing secret" }).click();
      await expect(page.getByText(/whsec_/)).toBeVisible();
      await expect(pager).not.toContainText("its secret was lost");
      await expect(chat.getByRole("textbox", { name: "URL" })).toHaveValue(mailbox.url);
      await chat.getByRole("button", { name: "Save the URL" }).click();
      for (const channel of [pager, chat]) {
        await expect(channel).not.toContainText("its secret was lost");
        await channel.getByRole("button", { name: "Send a test" }).click();
        await expect(channel).toContainText("Last told");
      }
      expect(mailbox.got.map((one) => "webhook-signature" in one.headers)).toEqual([true, false]);
    } finally {
      await mailbox.stop();
    }
  });
});

test.describe("refused", () => {
  test.use({ expectedErrors: /status of 422/ });

  test("a channel on a private address is refused with a sentence", async ({ desk, page }) => {
    await desk.enter(ADMIN, "/alerts?view=channels");
    const form = page.getByRole("form", { name: "New channel" });
    await form.getByLabel("Kind").selectOption("Slack-compatible webhook");
    await form.getByLabel("Name").fill("chat");
    await form.getByLabel("URL").fill("https://127.0.0.1/services/x");
    await form.getByRole("button", { name: "Add" }).click();
    await expect(page.getByText(/private network/)).toBeVisible();
  });
});

test("what the page shows follows what the person chose, also after a reload", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/alerts?view=preferences");
  const toasts = page.getByRole("group", { name: "Show on the page as they arrive" });
  await expect(page.getByLabel("With a sound")).not.toBeChecked();
  await toasts.getByLabel(/^Event types/).fill("batch.*");
  await page.getByRole("group", { name: "Tell me of" }).getByLabel("A source is silent").uncheck();
  await page.getByLabel("Quiet hours").check();
  await page.getByLabel("From").fill("21:00");
  await page.getByLabel(/^Time zone/).fill("Europe/Berlin");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();

  await ringback.deliver(sign(jobBody({ event_type: "job.completed" }), { id: "evt_other" }));
  await ringback.deliver(sign(jobBody({ event_type: "batch.completed" }), { id: "evt_batch" }));
  await desk.poll();
  await expect(desk.toasts("evt_batch")).toHaveCount(1);
  await expect(desk.toasts("evt_other")).toHaveCount(0);

  await page.reload();
  await expect(toasts.getByLabel(/^Event types/)).toHaveValue("batch.*");
  await expect(page.getByLabel("From")).toHaveValue("21:00");
  await expect(page.getByLabel("A source is silent")).not.toBeChecked();
});

test.describe("a viewer", () => {
  test("reads alerts and channels and changes neither", async ({ ringback, desk, page }) => {
    await ringback.addUser("vera", "correct horse battery", "viewer");
    await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
    await desk.enter({ name: "vera", password: "correct horse battery" }, "/alerts");
    await expect(card(page, /Bad signatures/)).toBeVisible();
    await expect(page.getByRole("button", { name: "Acknowledge" })).toHaveCount(0);
    await page.getByRole("link", { name: "Channels" }).click();
    await expect(page.getByText("Add a channel")).toBeVisible();
    await expect(page.getByRole("form", { name: "New channel" })).toHaveCount(0);
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`accessible, ${colorScheme}`, () => {
    // The checker is a script that it puts into the page, which the app's policy forbids.
    test.use({ colorScheme, bypassCSP: true, viewport: { width: 390, height: 844 } });
    test.slow();

    test("every part of the alerts on a phone, by keyboard", async ({ ringback, desk, page }) => {
      await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
      await desk.enter(ADMIN, "/alerts");
      await expect(card(page, /Bad signatures/)).toBeVisible();
      for (const part of ["Open", "History", "Channels", "What I am told"]) {
        const link = page.getByRole("navigation", { name: "Parts of the alerts" }).getByRole("link", { name: part });
        await link.focus();
        await page.keyboard.press("Enter");
        await expect(link).toHaveAttribute("aria-current", "page");
        await expect(page.getByText("Loading…")).toHaveCount(0);
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze();
        expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }))).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        expect(wide, `${part} is wider than the phone`).toBe(false);
        if (process.env.RINGBACK_ALERTS_SHOTS) {
          await page.screenshot({ path: `${process.env.RINGBACK_ALERTS_SHOTS}/${colorScheme}-${part}.png`, fullPage: true });
        }
      }
    });
  });
}
