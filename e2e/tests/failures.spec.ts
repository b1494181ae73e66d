import type { Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { jobBody, sign } from "../support/signing";

// What fails is seen, and so is what to do about it.

test.use({
  viewport: { width: 1280, height: 800 },
  // A name that is this machine is one that the browser does not trust without https.
  launchOptions: async ({ launchOptions }, use) =>
    use({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), "--host-resolver-rules=MAP desk.example 127.0.0.1"],
    }),
});

test.describe("a server that does not answer", () => {
  test.use({ expectedErrors: /Failed to load|status of 503/ });

  test("a mark that failed is told, and one that cannot be taken back", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_mark" }));
    await desk.enter(ADMIN);
    let fails = true;
    await page.route("**/mark-*", (route) => (fails ? route.abort() : route.continue()));
    await page.getByRole("button", { name: "Mark evt_mark as viewed" }).click();
    await expect(desk.notifications).toContainText("They could not be marked as viewed. Check your network and try again.");
    fails = false;
    await page.getByRole("button", { name: "Mark all as viewed" }).click();
    await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
    fails = true;
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(desk.notifications).toContainText("They could not be marked as not viewed again. Press Undo once more.");
    fails = false;
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByRole("button", { name: "Mark evt_mark as viewed" })).toBeVisible();
  });

  test("a neighbour that cannot be read is told, and the window stays", async ({ ringback, desk, page }) => {
    for (const id of ["evt_1", "evt_2"]) await ringback.deliver(sign(jobBody(), { id }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_2");
    await page.route("**/history?limit=1&*", (route) => route.abort());
    await window.getByRole("button", { name: "Older" }).click();
    await expect(desk.notifications).toContainText("The next callback could not be read. The server did not answer.");
    await expect(window).toBeVisible();
    await page.unroute("**/history?limit=1&*");
    await window.getByRole("button", { name: "Older" }).click();
    await expect(desk.window("evt_1")).toBeVisible();
  });

  test("a window that cannot be read again keeps what it has, and says so", async ({ ringback, desk, page }) => {
    const body = (state: string) => JSON.stringify({ event_type: "x", deep: { inside: 1 }, state });
    const { id } = await ringback.deliver(sign(body("before"), { id: "evt_old" }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_old");
    const tree = window.getByRole("tree", { name: "Payload" });
    await tree.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await expect(tree).not.toContainText("inside");
    await window.getByRole("searchbox", { name: "Find in payload" }).fill("before");
    await desk.settle();
    await page.route(`**/llm-callbacks/${id}?*`, (route) => route.fulfill({ status: 503, body: "" }));
    await ringback.deliver(sign(body("after"), { id: "evt_old" }));
    await expect(window).toContainText("This may be out of date: it changed and could not be read again.");
    await expect(tree).toContainText("before");
    await expect(tree).not.toContainText("inside");
    await expect(window.getByText("1 of 1", { exact: true })).toBeVisible();
    await page.unroute(`**/llm-callbacks/${id}?*`);
    await window.getByRole("button", { name: "Try again" }).click();
    await expect(tree).toContainText("after");
    await expect(window.getByText("This may be out of date")).toHaveCount(0);
  });
});

/** Lets the browser refuse what would copy. */
async function refuseToCopy(page: Page): Promise<void> {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"));
    document.execCommand = () => false;
  });
}

test("a copy that the browser refuses is told, by the button and with what to do", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_copy" }));
  await refuseToCopy(page);
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_copy");
  const button = window.getByRole("button", { name: "Copy id", exact: true });
  await button.click();
  await expect(button).toHaveText("Not copied");
  await expect(desk.notifications).toContainText("Select the text and copy it yourself");
  const icon = window.getByRole("button", { name: "Copy payload" });
  const before = await icon.innerHTML();
  await icon.click();
  await expect(icon).toHaveAttribute("title", "Not copied");
  expect(await icon.innerHTML()).not.toBe(before);
});

test.describe("without https", () => {
  // The server asks for what only https has.
  test.use({ expectedErrors: /Cross-Origin-Opener-Policy header has been ignored/ });

  test("text is copied to the byte all the same", async ({ ringback, desk, page }) => {
    const body = '{"event_type":"x",\r\n"text":"a\\r\\nb"}\r\n';
    await ringback.deliver(sign(body, { id: "evt_plain" }));
    await desk.enter(ADMIN, ringback.url.replace("127.0.0.1", "desk.example"));
    expect(await page.evaluate(() => [isSecureContext, navigator.clipboard === undefined])).toEqual([false, true]);
    const window = await desk.viewFromHistory("evt_plain");
    // What a field pastes has no carriage returns; what is handed to the page has.
    await page.evaluate(() => {
      document.addEventListener("paste", (event) => {
        Object.assign(globalThis, { pasted: event.clipboardData!.getData("text/plain") });
      });
    });
    const button = window.getByRole("button", { name: "Copy payload" });
    await button.click();
    await expect(button).toHaveAttribute("title", "Copied");
    await expect(button).toBeFocused();
    await page.keyboard.press("Control+v");
    expect(await page.evaluate(() => (globalThis as unknown as { pasted?: string }).pasted)).toBe(body);
  });
});
