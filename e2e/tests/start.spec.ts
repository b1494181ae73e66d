import type { Page } from "@playwright/test";
import { Desk } from "../support/desk";
import { ADMIN, expect, test } from "../support/fixtures";
import type { Ringback } from "../support/ringback";
import { jobBody, sign } from "../support/signing";

const SESSION = "/api/session";
const LIST = "/api/admin/llm-callbacks/history";

/** Keeps the app from arriving in a page until it is told to. */
async function holdApp(page: Page): Promise<() => void> {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await page.route("**/*.wasm", async (route) => {
    await arrived;
    await route.continue();
  });
  return arrive;
}

/** What a page asks for of the session and the list. */
function noteAsked(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (path === SESSION || path === LIST) asked.push(path);
  });
  return asked;
}

/** Signs in and has a callback on the list. */
async function enterWith(ringback: Ringback, desk: Desk, id: string): Promise<void> {
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id }));
  await expect(desk.rows(id)).toHaveCount(1);
  await desk.settle();
}

/** Loads the desk without the app, until the list has been answered. */
async function loadWithoutApp(page: Page): Promise<() => void> {
  const arrive = await holdApp(page);
  const listed = page.waitForResponse(`**${LIST}`);
  await page.goto("/");
  await listed;
  return arrive;
}

async function expectToldOf(page: Page, heading: string): Promise<void> {
  const told = page.getByRole("alert");
  await expect(told.getByRole("heading", { name: heading })).toBeVisible();
  await expect(told).toContainText("Reload the page");
  await expect(page.getByRole("button", { name: "Reload" })).toBeFocused();
  await expect(page).toHaveTitle(heading);
}

async function expectReloadHelps(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
}

test.describe("an app that does not start", () => {
  test.use({ expectedErrors: /ERR_FAILED|Failed to fetch|RuntimeError|unreachable|panicked/ });

  for (const part of ["**/*.wasm", "**/*.js", "**/*.css"]) {
    test(`says so, and what to do, when ${part} does not arrive`, async ({ page }) => {
      await page.route(part, (route) => route.abort());
      await page.goto("/");
      await expectToldOf(page, "Ringback did not start");
      await page.unroute(part);
      await expectReloadHelps(page);
    });
  }

  test("says so when it panics", async ({ page }) => {
    // The first time that it asks for the body there is none, which the app cannot do without.
    await page.addInitScript(() => {
      if (sessionStorage.getItem("broken")) return;
      sessionStorage.setItem("broken", "once");
      Object.defineProperty(document, "body", {
        configurable: true,
        get() {
          delete (document as { body?: unknown }).body;
          return null;
        },
      });
    });
    await page.goto("/");
    await expectToldOf(page, "Ringback did not start");
    await expectReloadHelps(page);
  });
});

test("an app that takes long says so, and nothing of it stays when it is there", async ({ page }) => {
  await page.clock.install();
  const arrive = await holdApp(page);
  await page.goto("/");
  const told = page.getByRole("status");
  await expect(told).toHaveText("Ringback");
  await page.clock.runFor(10_000);
  await expect(told).toHaveText(/still loading.*reload the page/i);
  arrive();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("still loading")).toHaveCount(0);
});

test("something is seen, in the theme that was chosen, before the app and its styles have arrived", async ({ desk, page }) => {
  // Without the clock that tests push, which has no times of painting.
  await page.goto("/");
  await desk.signIn(ADMIN);
  await page.evaluate(() => localStorage.setItem("ringback.v1.theme", "dark"));
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(/\.(css|js|wasm)$/, async (route) => {
    await arrived;
    await route.continue();
  });
  await page.goto("/", { waitUntil: "commit" });
  const painted = () => page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length);
  await expect.poll(painted).toBe(1);
  await expect(page.getByRole("status")).toHaveText("Ringback");
  await expect(page.locator("html")).toHaveCSS("background-color", "rgb(11, 16, 24)");
  arrive();
  await expect(page.getByRole("heading", { name: "Callbacks" })).toBeVisible();
});

test.describe("an app that runs", () => {
  test.use({ expectedErrors: /RuntimeError|unreachable|of somebody else/ });

  test("says so when a trap ends it, and goes on after any other error", async ({ desk, page }) => {
    await desk.open();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    const heard = page.waitForEvent("pageerror");
    await page.evaluate(() => {
      queueMicrotask(() => {
        throw new Error("of somebody else");
      });
    });
    await heard;
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();

    // A program whose one function is `unreachable`, as a panic ends in.
    await page.evaluate(() => {
      const bytes = [
        0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x78, 0, 0, 10, 5, 1, 3, 0, 0, 11,
      ];
      const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
      queueMicrotask(trap.exports["x"] as () => void);
    });
    await expectToldOf(page, "Ringback has stopped");
    await expectReloadHelps(page);
  });
});

test.describe("the session and the list", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("are asked for once, before the app is there", async ({ ringback, desk, page }) => {
    await enterWith(ringback, desk, "evt_early");
    const asked = noteAsked(page);
    const arrive = await loadWithoutApp(page);
    arrive();
    await expect(desk.rows("evt_early")).toHaveCount(1);
    await desk.settle();
    expect(asked.sort()).toEqual([LIST, SESSION]);
  });

  test("lack nothing that came meanwhile", async ({ ringback, desk, page, context }) => {
    await desk.enter(ADMIN);
    await desk.settle();
    const position = () => page.evaluate(() => localStorage.getItem("ringback.v1.cursor"));
    const before = await position();
    const second = await context.newPage();
    const arrive = await loadWithoutApp(second);
    await ringback.deliver(sign(jobBody(), { id: "evt_meanwhile" }));
    await expect(desk.rows("evt_meanwhile")).toHaveCount(1);
    // From here on nobody tells the other tab of it.
    await expect.poll(position).not.toBe(before);
    arrive();
    await expect(new Desk(second).rows("evt_meanwhile")).toHaveCount(1);
  });

  test("are asked for again when there was no good answer", async ({ ringback, desk, page }) => {
    await enterWith(ringback, desk, "evt_again");
    const asked = noteAsked(page);
    for (const path of [SESSION, LIST])
      await page.route(`**${path}`, (route) => route.fulfill({ status: 503 }), { times: 1 });
    const arrive = await loadWithoutApp(page);
    arrive();
    await expect(desk.rows("evt_again")).toHaveCount(1);
    await desk.settle();
    expect(asked.sort()).toEqual([LIST, LIST, SESSION, SESSION]);
  });

  test("are not waited for twice when the server hangs", async ({ ringback, desk, page }) => {
    await enterWith(ringback, desk, "evt_hangs");
    const asked = noteAsked(page);
    await page.route(`**${SESSION}`, () => {});
    const arrive = await loadWithoutApp(page);
    const waits = page.waitForResponse("**/*.wasm");
    arrive();
    await waits;
    await page.clock.runFor(8_000);
    await expect(page.getByRole("heading", { name: "Ringback cannot be reached" })).toBeVisible();
    expect(asked.sort()).toEqual([LIST, SESSION]);
  });

  test("are not asked for early once somebody has signed out", async ({ desk, page }) => {
    await desk.enter(ADMIN);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    const asked = noteAsked(page);
    await page.goto("/");
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    expect(asked).toEqual([SESSION]);
  });
});
