import { Scanner } from "../support/accessibility";
import { ADMIN, expect, test } from "../support/fixtures";
import { forge, jobBody, sign, unsigned } from "../support/signing";

// The checker is a script that it puts into the page, which the app's policy forbids.
test.use({ bypassCSP: true, viewport: { width: 1440, height: 800 } });

// It reads every element of every view, four times.
test.describe.configure({ timeout: 240_000 });

const HISTORY = "**/llm-callbacks/history*";


test.describe("before the desk", () => {
  test.use({ expectedErrors: /status of 40[13]|status of 503|ERR_FAILED|Failed to fetch/ });

  test("signing in, setting up, and what can go wrong on the way", async ({ desk, page }) => {
    const scanner = new Scanner(page);
    const alert = page.getByRole("alert").filter({ hasText: /\w/ });
    await desk.open();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await scanner.scan("Sign in");
    await desk.fillIn({ ...ADMIN, password: "not the password" });
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(alert).toBeVisible();
    await scanner.scan("Sign in, refused");
    await page.goto("/setup?token=guessed");
    await expect(page.getByRole("button", { name: "Create account" })).toBeVisible();
    await scanner.scan("Set up");
    await desk.setUp(ADMIN);
    await expect(alert).toBeVisible();
    await scanner.scan("Set up, refused");
    await page.goto("/no/such/page");
    await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
    await scanner.scan("Not found");

    await page.route("**/api/session", (route) => route.fulfill({ status: 503 }));
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Ringback cannot be reached" })).toBeVisible();
    await scanner.scan("The server cannot be reached");
    await page.unroute("**/api/session");
    await page.route("**/*.wasm", () => {});
    await page.goto("/");
    await page.clock.runFor(10_000);
    await expect(page.getByRole("heading", { name: /still loading/ })).toBeVisible();
    await scanner.scan("The app takes long");
    await page.unroute("**/*.wasm");
    await page.route("**/*.wasm", (route) => route.abort());
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Ringback did not start" })).toBeVisible();
    await scanner.scan("The app did not start");
    await page.unroute("**/*.wasm");

    await page.goto("/settings");
    await desk.signIn(ADMIN);
    await desk.settle();
    await page.context().clearCookies();
    await desk.checkNow();
    await expect(alert).toBeVisible();
    await scanner.scan("Sign in, after the session ended");
    await scanner.finish("Before the desk");
  });
});

test.describe("the list", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("the list in each of its states", async ({ ringback, desk, page }) => {
    const scanner = new Scanner(page);
    await page.addInitScript(() => localStorage.setItem("ringback.v1.preferences", "toasts=endless"));
    await desk.enter(ADMIN);
    await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
    await scanner.scan("Empty desk");

    // The app does not wait for ever; here it does, because nothing that it gives up ends.
    await page.addInitScript(() => {
      if (!sessionStorage.getItem("patient")) return;
      AbortController.prototype.abort = () => {};
      AbortSignal.timeout = () => new AbortController().signal;
    });
    await page.evaluate(() => sessionStorage.setItem("patient", "yes"));
    await page.route(HISTORY, () => {});
    await page.reload();
    await expect(page.getByText("Loading callbacks…")).toBeVisible();
    await scanner.scan("List, loading");
    await expect(page.getByText("Loading callbacks…")).toBeVisible();
    await page.evaluate(() => sessionStorage.removeItem("patient"));
    await page.unroute(HISTORY);
    await page.route(HISTORY, (route) => route.fulfill({ status: 503 }));
    await page.reload();
    await expect(page.getByRole("heading", { name: "The callbacks could not be read" })).toBeVisible();
    await scanner.scan("List, not read");
    await page.unroute(HISTORY);

    await page.reload();
    await desk.settle();
    await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
    await ringback.deliver(unsigned(jobBody(), { id: "evt_unsigned" }));
    await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
    await desk.poll();
    await expect(desk.rows("evt_")).toHaveCount(3);
    await expect(page.getByRole("region", { name: "Warnings" })).toBeVisible();
    await expect(desk.toasts("evt_signed")).toHaveCount(1);
    await scanner.scan("List, three notifications, warnings");
    for (const id of ["evt_signed", "evt_unsigned", "evt_forged"]) await desk.dismiss(id);
    await scanner.scan("List, every verdict");
    await desk.bell.click();
    await expect(page.getByRole("dialog", { name: "Notification centre" })).toContainText("evt_forged");
    await scanner.scan("Notification centre");
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Pause the list" }).click();
    await ringback.send("--scenario", "burst", "--count", "12");
    await desk.poll();
    await expect(page.getByRole("button", { name: "12 new – show" })).toBeVisible();
    // However many of them the stream brought one by one.
    await expect(desk.notifications.getByRole("button", { name: "Show unviewed" })).toBeVisible();
    await page.getByRole("checkbox", { name: "Select evt_signed" }).check();
    await expect(page.getByRole("button", { name: "Mark 1 selected as viewed" })).toBeVisible();
    await scanner.scan("List, paused, a selection, the summary notification");
    while ((await desk.notifications.getByRole("listitem").count()) > 0) {
      await desk.notifications.getByRole("button", { name: "Dismiss" }).first().click();
    }
    await page.getByRole("button", { name: "Mark 1 selected as viewed" }).click();
    await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
    await page.getByText("View", { exact: true }).click();
    await page.getByRole("radio", { name: "Compact" }).check();
    await scanner.scan("List, compact, its choices, undo");

    await page.goto("/?viewed=false&event_type=nothing.like.this&from=2020-01-01T00:00:00Z");
    await expect(page.getByRole("heading", { name: "No callback matches" })).toBeVisible();
    await page.setViewportSize({ width: 320, height: 800 });
    await page.getByRole("button", { name: /^Filters/ }).click();
    await scanner.scan("List, filters, no match");
    await scanner.finish("The list");
  });
});

test("what lies over the page", async ({ ringback, desk, page }) => {
  const scanner = new Scanner(page);
  await ringback.deliver(sign(jobBody(), { id: "evt_signed" }));
  await desk.enter(ADMIN);
  await expect(desk.rows("evt_signed")).toHaveCount(1);
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await expect(palette.getByRole("option").first()).toBeVisible();
  await scanner.scan("Command palette");
  await page.keyboard.type("evt");
  await expect(palette.getByRole("option", { name: /evt/ })).toBeVisible();
  await scanner.scan("Command palette, a search");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await scanner.scan("Sheet of shortcuts");
  await scanner.finish("Over the page");
});

test.describe("windows", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("windows of each kind, and several", async ({ ringback, desk, page }) => {
    const scanner = new Scanner(page);
    const first = await ringback.deliver(sign(jobBody({ text: "x".repeat(2_000), big: 1 }), { id: "evt_signed" }));
    await ringback.deliver(forge(jobBody({ text: "other" }), { id: "evt_signed" }));
    const forged = await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
    const bare = await ringback.deliver(unsigned(jobBody(), { id: "evt_unsigned" }));
    await ringback.deliver(sign("not JSON", { id: "evt_broken" }));
    const binary = await ringback.deliver(sign(Buffer.from([0xff, 0xfe]), { id: "evt_binary" }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_signed");
    await window.getByRole("treeitem").filter({ hasText: '"text"' }).click({ position: { x: 60, y: 8 } });
    await window.getByRole("searchbox", { name: "Find in payload" }).fill("batch");
    await window.getByRole("button", { name: "Move and resize" }).click();
    await scanner.scan("Window, tree, a search, its menu");
    // As a sheet it had no use for the menu.
    await window.getByRole("button", { name: "Move and resize" }).click();
    await window.getByRole("button", { name: "Maximise or restore" }).click();
    for (const view of ["Raw", "Hex"]) {
      await window.getByRole("tab", { name: view }).click();
      await expect(window.getByRole("tabpanel", { name: view })).toBeVisible();
      await scanner.scan(`Window, ${view}`);
    }
    await window.getByRole("button", { name: "Compare with the content" }).click();
    await expect(window.getByRole("row", { name: "/text" })).toBeVisible();
    await scanner.scan("Window, what two deliveries differ in");
    await page.keyboard.press("Escape");
    for (const [id, name] of [
      ["evt_forged", "Window, invalid, with the reason"],
      ["evt_broken", "Window, not JSON"],
      ["evt_binary", "Window, not UTF-8"],
    ] as const) {
      await desk.viewFromHistory(id);
      await expect(desk.window(id).getByRole("tab").first()).toBeVisible();
      await scanner.scan(name);
      await page.keyboard.press("Escape");
    }
    const all = [first, forged, bare, binary].map(({ id }) => `callback=${id}`).join("&");
    await page.goto(`/?${all}`);
    for (const id of ["evt_signed", "evt_forged", "evt_unsigned", "evt_binary"]) {
      await expect(desk.window(id).getByRole("tab").first()).toBeVisible();
    }
    await scanner.scan("Four windows");
    await page.goto("/?callback=999999");
    await expect(page.getByRole("dialog")).toBeVisible();
    await scanner.scan("Window, a link to nothing");
    await scanner.finish("Windows");
  });
});

test("sources, alerts and settings", async ({ ringback, desk, page }) => {
  const scanner = new Scanner(page);
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
  await scanner.scan("Sources");
  await source.getByRole("button", { name: "End in a day: Secret" }).click();
  await source.getByRole("button", { name: "Add a secret" }).click();
  await source.getByRole("textbox", { name: "Secret" }).fill("sk-proj-abcdefghijklmnopqrst");
  await expect(source.getByText("which signs nothing")).toBeVisible();
  await source.getByRole("button", { name: "Edit…" }).click();
  await source.getByRole("button", { name: "Delete…" }).click();
  await source.getByRole("button", { name: "Send a test" }).click();
  await expect(source.getByRole("status").getByText("Valid")).toBeVisible();
  await scanner.scan("Sources, everything about one");
  await page.reload();
  await page.getByRole("button", { name: "Add a source" }).click();
  await page.getByRole("radio", { name: /^OpenAI/ }).check();
  await page.getByRole("textbox", { name: "Secret" }).fill("v1,whsec_AAAA");
  await expect(page.getByRole("button", { name: "Mend it" })).toBeVisible();
  await scanner.scan("Sources, a new one");

  await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  await page.goto("/alerts");
  await expect(page.getByRole("article", { name: /Bad signatures/ })).toBeVisible();
  await scanner.scan("Alerts");
  await page.goto("/alerts?view=history");
  await expect(page.getByText("Loading…")).toHaveCount(0);
  await scanner.scan("Alerts, history");
  await page.goto("/alerts?view=channels");
  const form = page.getByRole("form", { name: "New channel" });
  await form.getByLabel("Name").fill("pager");
  await scanner.scan("Alerts, channels");
  await page.goto("/alerts?view=preferences");
  await expect(page.getByLabel("Quiet hours")).toBeVisible();
  await page.getByLabel("Quiet hours").check();
  await scanner.scan("Alerts, what I am told");
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await scanner.scan("Settings");
  await scanner.finish("Sources, alerts, settings");
});
