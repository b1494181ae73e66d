import { readFile } from "node:fs/promises";
import { ADMIN, expect, test } from "../support/fixtures";
import type { Summary } from "../support/ringback";
import { forge, jobBody, sign } from "../support/signing";

// Everything a JSON parser would lose: order, white space, duplicate keys, a number beyond 2^53,
// escapes; and what a browser must not run.
const AWKWARD = `{"event_type" : "batch.completed",\n\t"job_id":"batch_1", "workflow": "nightly",
  "z":1, "a":2, "a":3, "tokens":12345678901234567890, "cost":1.10, "e":1e2,
  "text":"caf\\u00e9 café 🦀 <script>alert(1)</script> <img src=x onerror=alert(2)>"  }\n`;

test("a signed callback is toasted at the next poll and its window shows exactly the bytes sent", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  const delivery = sign(AWKWARD);
  const receipt = await ringback.deliver(delivery);
  expect(receipt).toMatchObject({ callback_id: delivery.id, duplicate: false });

  await desk.poll();
  await expect(desk.toasts(delivery.id)).toHaveCount(1);
  const window = await desk.viewFromToast(delivery.id);
  await expect(window.getByText("Valid", { exact: true }).first()).toBeVisible();

  expect(await desk.raw(window)).toBe(AWKWARD);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await window.getByRole("button", { name: "Copy payload" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(AWKWARD);

  const stored = await page.request.get(`/api/admin/llm-callbacks/${receipt.id}/payload`);
  expect(await stored.body()).toEqual(delivery.body);
  const download = page.waitForEvent("download");
  await window.getByRole("link", { name: "Download payload" }).click();
  expect(await readFile(await (await download).path())).toEqual(delivery.body);
});

test("the demo's callbacks are all in the history, each once", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  await ringback.send("--scenario", "demo");
  await desk.poll();
  await expect(desk.notifications.getByRole("listitem").first()).toBeVisible();

  const stored: Summary[] = await ringback.history();
  expect(stored.length).toBeGreaterThan(3);
  expect(stored.some((callback) => callback.signature === "valid")).toBe(true);
  expect(new Set(stored.map((callback) => callback.callback_id)).size).toBe(stored.length);
  for (const callback of stored) {
    await expect(desk.rows(callback.callback_id), callback.callback_id).toHaveCount(1);
  }
});

test("a retry of the same bytes is counted and never toasted again", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const delivery = sign(jobBody());
  await ringback.deliver(delivery);
  await desk.poll();
  await expect(desk.toasts(delivery.id)).toHaveCount(1);
  await desk.dismiss(delivery.id);

  expect((await ringback.deliver(delivery)).duplicate).toBe(true);
  expect((await ringback.deliver(sign(delivery.body, { id: delivery.id }))).duplicate).toBe(true);
  await desk.poll();
  await desk.poll();
  await expect(desk.toasts(delivery.id)).toHaveCount(0);
  await expect(desk.rows(delivery.id)).toHaveCount(1);
  expect(await ringback.history()).toMatchObject([{ callback_id: delivery.id, deliveries: 3 }]);
});

test("a forged retry never changes the trusted callback", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const trusted = sign(jobBody({ status: "succeeded" }));
  const { id } = await ringback.deliver(trusted);
  await desk.poll();
  await expect(desk.toasts(trusted.id)).toHaveCount(1);
  await desk.dismiss(trusted.id);

  await ringback.deliver(forge(jobBody({ status: "failed", event_type: "batch.failed" }), { id: trusted.id }));
  await desk.poll();
  await expect(desk.toasts(trusted.id)).toHaveCount(0);
  expect(await ringback.read(`/api/admin/llm-callbacks/${id}`)).toMatchObject({
    signature: "valid",
    event_type: "batch.completed",
    payload: trusted.body.toString(),
  });

  const window = await desk.viewFromHistory(trusted.id);
  expect(await desk.raw(window)).toBe(trusted.body.toString());
});

test("a signed retry with other bytes becomes the content and is toasted again", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  const at = Math.floor(Date.now() / 1000) - 5;
  const first = sign(jobBody({ status: "running" }), { at });
  await ringback.deliver(first);
  await desk.poll();
  await desk.dismiss(first.id);

  const second = sign(jobBody({ status: "succeeded" }), { id: first.id });
  await ringback.deliver(second);
  await desk.poll();
  const window = await desk.viewFromToast(first.id);
  expect(await desk.raw(window)).toBe(second.body.toString());
});
