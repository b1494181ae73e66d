import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
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
  await addOpenAi(page, `v1,${SECRET}`);
  await expect(page.getByRole("status").filter({ hasText: /version|v1/ })).toBeVisible();
  await page.getByRole("button", { name: "Mend it" }).click();
  await expect(page.getByRole("textbox", { name: "Secret" })).toHaveValue(SECRET);
  await page.getByRole("button", { name: "Add source" }).click();

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
