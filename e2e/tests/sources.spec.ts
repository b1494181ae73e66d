import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
import { Desk } from "../support/desk";
import { ADMIN, expect, test } from "../support/fixtures";
import type { Ringback } from "../support/ringback";

/** The secret that the sender signs with. */
const KEY = Buffer.from("a key of thirty-two bytes, ours!");
const SECRET = `whsec_${KEY.toString("base64")}`;

/** Delivers as OpenAI does, signed apart from the server's code; answers the callback's number. */
async function deliver(ringback: Ringback, id: string): Promise<number> {
  const body = JSON.stringify({ id, type: "batch.completed", data: { id: "batch_1" } });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", KEY).update(`${id}.${timestamp}.${body}`).digest("base64");
  const answer = await fetch(`${ringback.url}/api/webhooks/llm-callback/openai`, {
    method: "POST",
    headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac}` },
    body,
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { id: number }).id;
}

/** Adds OpenAI as a source, with what is typed as its secret. */
async function addOpenAi(page: Page, secret: string): Promise<void> {
  await page.getByRole("button", { name: "Add a source" }).click();
  await page.getByRole("searchbox", { name: "Who sends?" }).fill("openai");
  await page.getByRole("radio", { name: /^OpenAI/ }).check();
  await page.getByRole("textbox", { name: "Secret" }).fill(secret);
}

test("a source is added, a wrong key is recognised and mended, and its callbacks are trusted", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Sources" }).click();
  await addOpenAi(page, "");
  const add = page.getByRole("button", { name: "Add source" });
  const place = () => add.boundingBox().then((box) => box!.y);
  const before = await place();
  await page.getByRole("textbox", { name: "Secret" }).fill(`v1,${SECRET}`);
  const hint = page.getByRole("status").filter({ hasText: /version|v1/ });
  await expect(hint).toBeVisible();
  expect(await place()).toBe(before);
  await page.getByRole("button", { name: "Mend it" }).click();
  await expect(page.getByRole("textbox", { name: "Secret" })).toHaveValue(SECRET);
  await expect(hint).toHaveCount(0);
  expect(await place()).toBe(before);
  await add.click();

  const source = page.getByRole("article", { name: "OpenAI" });
  await expect(source.getByText("Verifies")).toBeVisible();
  await expect(source.getByText(`${ringback.url}/api/webhooks/llm-callback/openai`)).toBeVisible();
  await source.getByRole("button", { name: "Send a test" }).click();
  await expect(source.getByRole("status").getByText("Valid")).toBeVisible();

  await deliver(ringback, "evt_signed");
  const stored = (await ringback.history()).find((one) => one.callback_id === "evt_signed");
  expect(stored?.signature).toBe("valid");
});

test("a source is paused, let go on, and deleted after a question", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/sources");
  await addOpenAi(page, SECRET);
  await page.getByRole("button", { name: "Add source" }).click();
  const source = page.getByRole("article", { name: "OpenAI" });
  await expect(source).toBeVisible();
  const callback = await deliver(ringback, "evt_kept");

  await source.getByRole("button", { name: "Pause" }).click();
  await expect(source.getByText("Paused")).toBeVisible();
  await source.getByRole("button", { name: "Resume" }).click();
  await expect(source.getByText("Verifies")).toBeVisible();

  await source.getByRole("button", { name: "Delete…" }).click();
  await source.getByRole("button", { name: "Keep" }).click();
  await expect(source.getByRole("button", { name: "Delete…" })).toBeFocused();
  await source.getByRole("button", { name: "Delete…" }).click();
  await source.getByRole("button", { name: "Delete source" }).click();
  await expect(source).toHaveCount(0);
  expect((await ringback.history()).map((one) => one.id)).toContain(callback);
});

test("a secret is replaced, and one that is made is shown once", async ({ desk, page }) => {
  await desk.enter(ADMIN, "/sources");
  await addOpenAi(page, SECRET);
  await page.getByRole("button", { name: "Add source" }).click();
  const source = page.getByRole("article", { name: "OpenAI" });
  await source.getByRole("button", { name: "End in a day: Secret" }).click();
  await expect(source.getByText("ends", { exact: false })).toBeVisible();
  await source.getByRole("button", { name: "Add a secret" }).click();
  await source.getByRole("textbox", { name: "Label" }).fill("next year");
  await source.getByRole("textbox", { name: "Secret" }).fill(SECRET);
  await source.getByRole("button", { name: "Save secret" }).click();
  await expect(source.getByText("next year")).toBeVisible();

  await page.getByRole("button", { name: "Add a source" }).click();
  await page.getByRole("searchbox", { name: "Who sends?" }).fill("in-house");
  await page.getByRole("radio").first().check();
  await page.getByRole("button", { name: "Add source" }).click();
  await expect(page.getByText("It is not shown again.")).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("It is not shown again.")).toBeHidden();
});

test("what was sent before the right secret was there turns trusted while somebody watches", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN, "/sources");
  await addOpenAi(page, "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzZW5kZXIh");
  await page.getByRole("button", { name: "Add source" }).click();
  const source = page.getByRole("article", { name: "OpenAI" });
  await expect(source.getByText("Verifies")).toBeVisible();
  for (const id of ["evt_early_1", "evt_early_2"]) await deliver(ringback, id);

  // Another tab shows the callbacks, with a window on one of them.
  const watcher = new Desk(await page.context().newPage());
  await watcher.page.goto("/");
  for (const id of ["evt_early_1", "evt_early_2"]) await expect(watcher.rows(id)).toContainText("Invalid");
  const window = await watcher.viewFromHistory("evt_early_1");
  const why = window.getByRole("group", { name: "Why the signature does not hold" });
  await expect(why).toContainText("No secret of openai makes this signature");

  await source.getByRole("button", { name: "Add a secret" }).click();
  await source.getByRole("textbox", { name: "Label" }).fill("the right one");
  await source.getByRole("textbox", { name: "Secret" }).fill(`v1,${SECRET}`);
  await expect(source.getByRole("status").filter({ hasText: "it begins with a version" })).toBeVisible();
  await source.getByRole("button", { name: "Mend it" }).click();
  await expect(source.getByRole("status").filter({ hasText: "it begins with a version" })).toHaveCount(0);
  await source.getByRole("button", { name: "Save secret" }).click();
  await expect(source.getByText("the right one")).toBeVisible();

  for (const id of ["evt_early_1", "evt_early_2"]) await expect(watcher.rows(id)).toContainText("Valid");
  await expect(window.getByText("Valid", { exact: true }).first()).toBeVisible();
  await expect(why).toHaveCount(0);
  const log = await ringback.read<{ entries: { action: string; actor: string; subject: string }[] }>(
    "/api/admin/audit-log",
  );
  expect(log.entries.find((one) => one.action === "reverify.start")).toMatchObject({
    actor: ADMIN.name,
    subject: "openai",
  });
});

test("a source is given another title and other ways, by keyboard alone", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN, "/sources");
  await addOpenAi(page, SECRET);
  await page.keyboard.press("Tab");
  const card = page.getByRole("article", { name: "OpenAI" });
  await page.getByRole("button", { name: "Add source" }).press("Enter");
  const edit = card.getByRole("button", { name: "Edit…" });
  await edit.press("Enter");
  await expect(card.getByRole("textbox", { name: "Title" })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Team A");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("not JSON");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(card.getByRole("alert").filter({ hasText: "is a JSON object" })).toBeVisible();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type('{"event_type": ["/kind"]}');
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const renamed = page.getByRole("article", { name: "Team A" });
  await expect(renamed.getByRole("button", { name: "Edit…" })).toBeFocused();
  const stored = await ringback.read<{ title: string; options: unknown }>("/api/admin/sources/openai");
  expect(stored).toMatchObject({ title: "Team A", options: { event_type: ["/kind"] } });
});

test("a strict source answers 401 to what is not valid, and a test of it says so", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN, "/sources");
  await page.getByRole("button", { name: "Add a source" }).click();
  await page.getByRole("searchbox", { name: "Who sends?" }).fill("openai");
  await page.getByRole("radio", { name: /^OpenAI/ }).check();
  // Without a secret: it can be added later.
  await page.getByRole("textbox", { name: "Name, the last part of the URL" }).fill("gate");
  await page.getByRole("button", { name: "Add source" }).click();
  const source = page.getByRole("article", { name: "OpenAI" });
  await expect(source.getByText("No secret", { exact: true })).toBeVisible();
  await source.getByRole("checkbox", { name: /^Strict/ }).check();
  await expect(source.getByText("· strict")).toBeVisible();
  const answer = await fetch(`${ringback.url}/api/webhooks/llm-callback/gate`, { method: "POST", body: "{}" });
  expect(answer.status).toBe(401);
  await source.getByRole("button", { name: "Send a test" }).click();
  await expect(source.getByRole("status").getByText("HTTP 401: it was received and stored.")).toBeVisible();
  await page.getByRole("link", { name: "Show it" }).click();
  await expect(page.getByRole("dialog").getByText("ringback.test").first()).toBeVisible();
});

test("the URL to paste is copied, and a secret's own ending is taken back", async ({ ringback, desk, page }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await desk.enter(ADMIN, "/sources");
  await addOpenAi(page, SECRET);
  await page.getByRole("button", { name: "Add source" }).click();
  const source = page.getByRole("article", { name: "OpenAI" });
  await source.getByRole("button", { name: "Copy URL" }).click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`${ringback.url}/api/webhooks/llm-callback/openai`);
  await source.getByRole("button", { name: "End now: Secret" }).click();
  await expect(source.getByText("No secret", { exact: true })).toBeVisible();
  await source.getByRole("button", { name: "Delete: Secret" }).click();
  await expect(source.getByRole("listitem")).toHaveCount(0);
});

test.describe("a viewer", () => {
  test("sees the sources and is offered nothing that only admins may do", async ({ ringback, desk, page }) => {
    await ringback.addUser("vic", ADMIN.password, "viewer");
    await desk.enter({ name: "vic", password: ADMIN.password }, "/sources");
    await expect(page.getByRole("article").first()).toBeVisible();
    for (const name of ["Add a source", "Send a test", "Add a secret", "Delete…", "Edit…"]) {
      await expect(page.getByRole("button", { name })).toHaveCount(0);
    }
  });
});
