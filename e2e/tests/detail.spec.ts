import type { Locator } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

// Behind UTC, and not by whole hours.
test.use({ timezoneId: "America/St_Johns" });

test("a forged callback is shown as invalid, in words, with the reason", async ({ ringback, desk }) => {
  const { id } = await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  expect(await ringback.read(`/api/admin/llm-callbacks/${id}`)).toMatchObject({ signature: "invalid", reason: "wrong" });
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_forged");
  await expect(window.getByText("Invalid", { exact: true }).first()).toBeVisible();
});

test("a callback without a signature is shown as missing", async ({ ringback, desk }) => {
  await ringback.deliver(unsigned(jobBody(), { id: "evt_unsigned" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_unsigned");
  await expect(window.getByText("Missing", { exact: true }).first()).toBeVisible();
});

test("several windows stay open side by side and Escape closes the one in use", async ({ ringback, desk, page }) => {
  for (const id of ["evt_one", "evt_two"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_one");
  await desk.viewFromHistory("evt_two");
  await expect(desk.window("evt_one")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(desk.window("evt_two")).toBeHidden();
  await expect(desk.window("evt_one")).toBeVisible();
});

test("a link to a callback opens its window", async ({ ringback, desk }) => {
  const { id } = await ringback.deliver(sign(jobBody(), { id: "evt_linked" }));
  await desk.enter(ADMIN, `/?callback=${id}`);
  await expect(desk.window("evt_linked")).toBeVisible();
});

test.describe("a link to nothing", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("says that the callback is not there", async ({ desk, page }) => {
    await desk.enter(ADMIN, "/?callback=424242");
    await expect(page.getByRole("dialog").getByRole("heading", { name: "There is no such callback" })).toBeVisible();
  });
});

test("Back closes the window that a click opened", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_back" }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_back");
  await expect(page).toHaveURL(/callback=/);
  await page.goBack();
  await expect(desk.window("evt_back")).toBeHidden();
});

test("a body that is not UTF-8 and one that is not JSON are shown and kept", async ({ ringback, desk, page }) => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x22]);
  const binary = await ringback.deliver(sign(bytes, { id: "evt_binary" }));
  await ringback.deliver(sign('{"event_type": "cut.off', { id: "evt_broken" }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_binary");
  const stored = await page.request.get(`/api/admin/llm-callbacks/${binary.id}/payload`);
  expect(await stored.body()).toEqual(bytes);
  await page.keyboard.press("Escape");
  const window = await desk.viewFromHistory("evt_broken");
  await expect(window.getByText('{"event_type": "cut.off').first()).toBeVisible();
});

test("a window says why a signature does not hold, with what was seen", async ({ ringback, desk }) => {
  await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  // What a proxy does that reads JSON and writes it again.
  const signed = sign(jobBody(), { id: "evt_rewritten" });
  const body = Buffer.from(JSON.stringify(JSON.parse(signed.body.toString()), null, 2));
  await ringback.deliver({ ...signed, body });
  await ringback.deliver(sign(jobBody({ n: 1 }), { id: "evt_old", at: Math.floor(Date.now() / 1000) - 3_600 }));
  await desk.enter(ADMIN);
  const why = async (id: string) => {
    const window = await desk.viewFromHistory(id);
    return window.getByRole("group", { name: "Why the signature does not hold" });
  };
  const forged = await why("evt_forged");
  await expect(forged).toContainText("Most likely: No secret of default makes this signature");
  await expect(forged).toContainText("Copy it anew from the sender");
  await forged.getByText("What was seen").click();
  await expect(forged.getByRole("listitem").first()).toBeVisible();
  await expect(forged).not.toContainText(signed.headers["webhook-signature"]!.slice(3));
  const rewritten = await why("evt_rewritten");
  await expect(rewritten).toContainText("Why: The secret is right, and the body was changed after it was signed");
  await expect(await why("evt_old")).toContainText("Why: The signature is right, but was made 1 h before it came");
});

test("a window names the source that has the secret, and verifies again when it is told to", async ({
  ringback,
  desk,
}) => {
  await ringback.run(["source", "add", "openai", "--provider", "openai"]);
  const signed = sign(jobBody(), { id: "evt_astray" });
  const post = { method: "POST", headers: signed.headers, body: new Uint8Array(signed.body) };
  // The server sees within seconds what the command line changed; until then it knows no such path.
  await expect
    .poll(async () => (await fetch(`${ringback.url}/api/webhooks/llm-callback/openai`, post)).status)
    .toBe(200);
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_astray");
  const why = window.getByRole("group", { name: "Why the signature does not hold" });
  await expect(why).toContainText("Why: A secret of the source default made this signature.");
  await why.getByRole("button", { name: "Verify again" }).click();
  await expect(why.getByRole("status")).toHaveText("It still does not hold with the secrets of now.");
});

test("an open window and its row follow what is delivered again, and what is forged", async ({ ringback, desk, page }) => {
  const again = sign(jobBody(), { id: "evt_again" });
  await ringback.deliver(again);
  await desk.enter(ADMIN);
  await desk.rows("evt_again").getByRole("link").click();
  const window = desk.window("evt_again");
  await expect(window).toContainText("1 delivery");
  await ringback.deliver(again);
  await desk.checkNow();
  await expect(window).toContainText("2 deliveries");
  await expect(desk.rows("evt_again").getByRole("cell", { name: "2", exact: true })).toHaveCount(1);
  // Nobody asks: the alert that it raises tells of it.
  await ringback.deliver(forge(jobBody(), { id: "evt_again" }));
  // The server raises it by the true time.
  const open = async () => (await ringback.read<{ open: unknown[] }>("/api/admin/alerts")).open.length;
  await expect.poll(open).toBeGreaterThan(0);
  await desk.pass("00:20");
  await expect(window).toContainText("3 deliveries");
  await expect(window).toContainText("Signature valid");
  await expect(page.getByRole("region", { name: "Warnings" })).toContainText("Bad signatures");
});

/** What is said of a name in a list of facts, in the order of the page. */
function facts(within: Locator, name: string): Locator {
  // A definition belongs to the term before it, which no role tells.
  const term = within.getByRole("term").filter({ hasText: new RegExp(`^${name}$`) });
  return term.locator("xpath=following-sibling::dd[1]");
}

/** A time to the second in the reader's zone, the same for a machine, and how long ago it was. */
async function expectTime(fact: Locator, at: string): Promise<void> {
  await expect(fact).toContainText(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d -0[23]:30 · (just now|\d+ \w+ ago)/);
  const time = fact.getByRole("time");
  const seconds = (text: string) => Math.floor(Date.parse(text) / 1000);
  expect(seconds((await time.getAttribute("datetime"))!)).toBe(seconds(at));
  expect(seconds((await time.textContent())!.replace(" ", "T").replace(" ", ""))).toBe(seconds(at));
}

test("a window leaves out nothing of what is known of a callback", async ({ ringback, desk }) => {
  const delivery = sign(jobBody({ job_id: "batch_7f", workflow: "summaries" }), { id: "evt_whole" });
  const odd = 'odd; value="1, 2" <b>';
  const headers = { ...delivery.headers, "x-request-id": odd, "x-odd": "of no use" };
  const { id } = await ringback.deliver({ ...delivery, headers });
  const { received_at } = await ringback.read<{ received_at: string }>(`/api/admin/llm-callbacks/${id}`);
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_whole");
  for (const [name, told] of [
    ["Callback", "evt_whole"],
    ["Event type", "batch.completed"],
    ["Source", "default"],
    ["Job", "batch_7f"],
    ["Workflow", "summaries"],
  ] as const) {
    await expect(facts(window, name), name).toHaveText(told);
  }
  await expectTime(facts(window, "Received").first(), received_at);
  await expect(facts(window, "Received").first()).toContainText("1 delivery");
  await expect(facts(window, "Viewed")).toContainText(`by ${ADMIN.name}`);

  const received = window.getByRole("listitem").filter({ hasText: "shown content" });
  await expectTime(facts(received, "Received"), received_at);
  await expectTime(facts(received, "Signed"), new Date(Number(delivery.headers["webhook-timestamp"]) * 1000).toISOString());
  await expect(facts(received, "From")).toHaveText("127.0.0.1");
  await expect(facts(received, "Size")).toHaveText(`${delivery.body.length} bytes`);
  await received.getByText("Headers", { exact: true }).click();
  for (const [name, value] of [
    ["x-request-id", odd],
    ["webhook-id", "evt_whole"],
    ["content-type", "application/json"],
  ] as const) {
    await expect(facts(received, name)).toBeVisible();
    await expect(facts(received, name)).toHaveText(value);
  }
  // Of headers, only those that are known to be of use are kept, and no signature.
  await expect(received).not.toContainText("x-odd");
  await expect(received).not.toContainText(delivery.headers["webhook-signature"]!.slice(3));
});

test("a fact of a callback leads to all callbacks with it", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody({ job_id: "batch_7f", workflow: "summaries" }), { id: "evt_this" }));
  await ringback.deliver(sign(jobBody({ job_id: "batch_7f", workflow: "else" }), { id: "evt_that" }));
  await desk.enter(ADMIN);
  await expect(desk.rows("evt_")).toHaveCount(2);
  const window = await desk.viewFromHistory("evt_this");
  await window.getByRole("button", { name: "Show all with summaries" }).click();
  await expect(page).toHaveURL(/[?&]workflow=summaries(&|$)/);
  await expect(desk.rows("evt_")).toHaveCount(1);
  await expect(desk.rows("evt_this")).toHaveCount(1);
  await window.getByRole("button", { name: "Show all with batch_7f" }).click();
  await expect(page).toHaveURL(/[?&]id_prefix=batch_7f(&|$)/);
  await expect(desk.rows("evt_")).toHaveCount(2);
});
