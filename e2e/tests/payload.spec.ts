import type { Locator, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { largeBody as bodyOf, sign } from "../support/signing";

test.use({ viewport: { width: 1280, height: 800 } });

const MIB = 1 << 20;

/** Many rows, and one at the end that can be told from the others. */
function largeBody(bytes: number): string {
  const item = (index: number) =>
    `{"index": ${index}, "text": "line ${index} of a long answer", "score": ${index}.5, "ok": true}`;
  return bodyOf(bytes, item, '{"needle": "the last one"}');
}

const tree = (window: Locator) => window.getByRole("tree", { name: "Payload" });
const row = (window: Locator, text: string | RegExp) => tree(window).getByRole("treeitem").filter({ hasText: text });

/** Goes down until the last row is there: until then the payload is not whole. */
async function reachEnd(page: Page, window: Locator): Promise<void> {
  await tree(window).focus();
  await expect
    .poll(async () => {
      await page.keyboard.press("End");
      return tree(window).innerText();
    })
    .toContain("the last one");
}

/** However much there is to show, a window has no more elements than these. */
const MOST_ELEMENTS = 1_500;

const countElements = (window: Locator) => window.evaluate((element) => element.querySelectorAll("*").length);

test("the tree folds, and keys lead through it", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign('{"event_type":"x","a":{"b":[1,2],"c":null},"d":true}', { id: "evt_tree" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_tree");
  await tree(window).focus();
  const active = tree(window).getByRole("treeitem", { selected: true });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(active).toContainText('"a"');
  await expect(active).toHaveAttribute("aria-level", "2");
  await expect(active).toHaveAttribute("aria-posinset", "2");
  await expect(active).toHaveAttribute("aria-setsize", "3");
  await expect(active).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowLeft");
  await expect(active).toHaveAttribute("aria-expanded", "false");
  await expect(active).toContainText("2 items");
  await expect(row(window, '"b"')).toHaveCount(0);
  await page.keyboard.press("ArrowDown");
  await expect(active).toContainText('"d"');
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(active).toContainText('"b"');
  await page.keyboard.press("End");
  await expect(active).toContainText('"d"');
  await page.keyboard.press("Home");
  await expect(active).toHaveAttribute("aria-level", "1");
  await window.getByRole("button", { name: "Fold all", exact: true }).click();
  await expect(tree(window).getByRole("treeitem")).toHaveCount(4);
  await tree(window).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("*");
  await expect(row(window, '"b"')).toHaveCount(1);
});

test("value, pointer and path of a row are copied as sent", async ({ ringback, desk, page }) => {
  const body = '{"n":12345678901234567890,"list":[{"a b":"caf\\u00e9"}],"dup":1,"dup":2}';
  await ringback.deliver(sign(body, { id: "evt_path" }));
  await desk.enter(ADMIN);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const window = await desk.viewFromHistory("evt_path");
  const copied = async (name: string) => {
    await window.getByRole("button", { name, exact: true }).click();
    await expect(window.getByRole("button", { name, exact: true })).toContainText("Copied");
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await row(window, '"n"').click();
  await expect(window.getByText("more digits than most programs keep")).toBeVisible();
  expect(await copied("Copy value")).toBe("12345678901234567890");
  await row(window, '"a b"').click();
  expect(await copied("Copy value")).toBe("café");
  expect(await copied("Copy pointer")).toBe("/list/0/a b");
  expect(await copied("Copy JSONPath")).toBe("$.list[0]['a b']");
  await expect(row(window, '"dup"')).toHaveCount(2);
  await row(window, '"dup"').first().click();
  await expect(window.getByText("this key is there more than once")).toBeVisible();
});

test("markup in a payload stays text", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign('{"event_type":"x","html":"<script>alert(1)</script><img src=x onerror=alert(2)>"}', { id: "evt_html" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_html");
  await expect(row(window, "<script>alert(1)</script>")).toBeVisible();
  await expect(page.locator("script:not([src]):has-text('alert'), img")).toHaveCount(0);
});

test("1 MiB opens, is folded and searched, with few elements; its long tasks are noted", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign(largeBody(MIB), { id: "evt_large" }));
  await desk.enter(ADMIN);
  await page.evaluate(() => {
    const seen: number[] = [];
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: "longtask",
    });
    Object.assign(globalThis, { longTasks: seen });
  });
  const window = await desk.viewFromHistory("evt_large");
  await expect(row(window, '"event_type"')).toBeVisible();
  await expect(window.getByText("1 MB · application/json", { exact: true })).toBeVisible();
  await reachEnd(page, window);
  const find = window.getByRole("searchbox", { name: "Find in payload" });
  await find.fill("NEEDLE");
  await expect(window.getByText("1 of 1", { exact: true })).toBeVisible();
  await find.fill("line 77 of");
  await expect(row(window, "line 77 of a long answer")).toBeVisible();
  await window.getByRole("button", { name: "Fold all", exact: true }).click();
  await expect(tree(window).getByRole("treeitem")).toHaveCount(3);
  await window.getByRole("button", { name: "Unfold all" }).click();
  await window.getByRole("tab", { name: "Raw" }).click();
  await expect(window.getByRole("tabpanel", { name: "Raw" })).toContainText('"event_type": "batch.completed"');
  await window.getByRole("tab", { name: "Hex" }).click();
  await expect(window.getByRole("tabpanel", { name: "Hex" })).toContainText("00000000  7b 22 65");
  const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  test.info().annotations.push({ type: "long tasks, ms", description: tasks.map(Math.round).join(" ") || "none" });
  expect(await countElements(window)).toBeLessThanOrEqual(MOST_ELEMENTS);
});

test.describe("where the server takes more than 1 MiB", () => {
  test.use({ serverEnvironment: { RINGBACK_BODY_LIMIT_BYTES: String(5 * MIB) } });

  test("5 MiB opens down to its last row, with few elements", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(largeBody(5 * MIB), { id: "evt_huge" }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_huge");
    await expect(row(window, '"event_type"')).toBeVisible();
    await expect(window.getByText("5 MB · application/json", { exact: true })).toBeVisible();
    expect(await countElements(window), "elements at the first row").toBeLessThanOrEqual(MOST_ELEMENTS);
    await reachEnd(page, window);
    await expect(row(window, "the last one")).toBeInViewport();
    await expect(row(window, '"event_type"')).toHaveCount(0);
    expect(await countElements(window), "elements at the last row").toBeLessThanOrEqual(MOST_ELEMENTS);
  });
});

test("six windows with 1 MiB each have at most 1,500 elements each", async ({ ringback, desk }) => {
  const keys: number[] = [];
  for (let index = 0; index < 6; index += 1) {
    keys.push((await ringback.deliver(sign(largeBody(MIB), { id: `evt_six_${index}` }))).id);
  }
  await desk.enter(ADMIN, `/?${keys.map((key) => `callback=${key}`).join("&")}`);
  for (let index = 0; index < 6; index += 1) {
    const window = desk.window(`evt_six_${index}`);
    await expect(row(window, '"event_type"')).toHaveCount(1);
    expect(await countElements(window), `elements of window ${index}`).toBeLessThanOrEqual(MOST_ELEMENTS);
  }
});

test("a long string is cut in the tree and shown whole on demand", async ({ ringback, desk }) => {
  const text = `begin ${"word ".repeat(600)}the very end`;
  await ringback.deliver(sign(JSON.stringify({ event_type: "x", output: text }), { id: "evt_text" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_text");
  await expect(row(window, '"output"')).not.toContainText("the very end");
  await row(window, '"output"').click({ position: { x: 80, y: 8 } });
  await window.getByRole("button", { name: "Show whole text" }).click();
  await expect(window.getByRole("tabpanel")).toContainText("the very end");
  await window.getByRole("button", { name: "Back to the tree" }).click();
  await expect(row(window, '"event_type"')).toBeVisible();
});

const broken: { name: string; body: string | Buffer; remark: string; shown: string }[] = [
  { name: "not JSON", body: '{\n  "a": nope}', remark: "a value is expected at line 2, column 8, offset 9", shown: "nope}" },
  { name: "cut off", body: '{"a": [1, 2', remark: "the text ends too early at line 1, column 12", shown: "[1, 2" },
  { name: "not UTF-8", body: Buffer.from([0x7b, 0x22, 0xff, 0x22]), remark: "byte ff at offset 2", shown: "7b 22 ff 22" },
  { name: "empty", body: "", remark: "The body is empty", shown: "The body is empty" },
];
for (const { name, body, remark, shown } of broken) {
  test(`a body that is ${name} is shown honestly, with the place`, async ({ ringback, desk }) => {
    await ringback.deliver(sign(body, { id: "evt_broken" }));
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_broken");
    await expect(window.getByText(remark)).toBeVisible();
    await expect(window.getByRole("group", { name: "Payload" }).first()).toContainText(shown);
    const search = window.getByRole("searchbox");
    if ((await search.count()) === 0) return;
    const { y, height } = (await window.getByText(remark).boundingBox())!;
    expect((await search.boundingBox())!.y - (y + height), "room below the remark").toBeGreaterThan(4);
  });
}

test("Escape empties the search first and closes the window then", async ({ ringback, desk, page }) => {
  await ringback.deliver(sign('{"event_type":"x","a":"needle","b":"needle"}', { id: "evt_find" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_find");
  const find = window.getByRole("searchbox", { name: "Find in payload" });
  await find.fill("needle");
  await expect(window.getByText("1 of 2", { exact: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(window.getByText("2 of 2", { exact: true })).toBeVisible();
  await page.keyboard.press("Shift+Enter");
  await expect(window.getByText("1 of 2", { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(find).toHaveValue("");
  await page.keyboard.press("Escape");
  await expect(window).toBeHidden();
});

test("a search leaves the whole text and goes to what it finds", async ({ ringback, desk, page }) => {
  const text = `begin ${"word ".repeat(600)}the very end`;
  await ringback.deliver(sign(JSON.stringify({ event_type: "x", output: text, z: "needle" }), { id: "evt_whole" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_whole");
  await row(window, '"output"').click({ position: { x: 80, y: 8 } });
  await window.getByRole("button", { name: "Show whole text" }).click();
  await expect(window.getByRole("button", { name: "Back to the tree" })).toBeVisible();
  await window.getByRole("searchbox", { name: "Find in payload" }).fill("very end");
  await expect(window.getByText("1 of 1", { exact: true })).toBeVisible();
  await expect(row(window, '"output"')).toContainText("the very end");
  // What is found stands out from the text around it, a piece of its own.
  await expect(tree(window).getByText("very end", { exact: true })).toBeInViewport();
  await window.getByRole("button", { name: "Show whole text" }).click();
  await window.getByRole("button", { name: "Next match" }).click();
  await expect(tree(window)).toBeVisible();
  await expect(page.getByRole("button", { name: "Back to the tree" })).toHaveCount(0);
});

test("a match far to the right is brought into sight in the raw view", async ({ ringback, desk }) => {
  await ringback.deliver(sign(`{"event_type":"x","a":"${"y".repeat(90_000)}needle${"z".repeat(9_000)}"}`, { id: "evt_wide" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_wide");
  await window.getByRole("tab", { name: "Raw" }).click();
  await window.getByRole("searchbox", { name: "Find in payload" }).fill("needle");
  const rows = window.getByRole("tabpanel", { name: "Raw" }).getByRole("group", { name: "Payload" });
  const match = rows.getByText("needle", { exact: true });
  await expect(match).toBeInViewport();
  const overhang = async () => {
    const [inside, outside] = [(await match.boundingBox())!, (await rows.boundingBox())!];
    return Math.max(outside.x - inside.x, inside.x + inside.width - outside.x - outside.width);
  };
  await expect.poll(overhang).toBeLessThanOrEqual(0);
});

test("a match is marked in both columns of the hex view", async ({ ringback, desk }) => {
  await ringback.deliver(sign('{"event_type":"x","a":"needle"}', { id: "evt_hex" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_hex");
  await window.getByRole("tab", { name: "Hex" }).click();
  await window.getByRole("searchbox", { name: "Find in payload" }).fill("needle");
  await expect(window.getByText("1 of 1", { exact: true })).toBeVisible();
  const marks = window.getByRole("tabpanel", { name: "Hex" }).locator(".found-current");
  // 23 bytes before it: it begins in the second row.
  expect((await marks.allInnerTexts()).join(" ")).toBe("6e 65 65 64 6c 65 needle");
});

test("rows of any depth are seen, with their level", async ({ ringback, desk, page }) => {
  const body = `{"event_type":"x","a":${"[".repeat(400)}"bottom"${"]".repeat(400)}}`;
  await ringback.deliver(sign(body, { id: "evt_deep" }));
  await page.setViewportSize({ width: 390, height: 800 });
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_deep");
  await expect(row(window, '"event_type"')).toBeVisible();
  await tree(window).focus();
  // The text of the bottom lies between the opening and the closing brackets.
  for (let step = 0; step < 402; step += 1) await page.keyboard.press("ArrowDown");
  const bottom = tree(window).getByRole("treeitem", { selected: true });
  await expect(bottom).toHaveText(/402\s*"bottom"/);
  await expect(bottom).toHaveAttribute("aria-level", "402");
  const text = (await bottom.getByText('"bottom"').boundingBox())!;
  const box = (await tree(window).boundingBox())!;
  expect(text.x).toBeGreaterThan(box.x);
  expect(text.x + text.width).toBeLessThan(box.x + box.width);
  expect(await tree(window).evaluate((tree) => tree.scrollLeft)).toBe(0);
});

test("letters that cannot be seen or turn text around are written out, and copied as sent", async ({
  ringback,
  desk,
  page,
}) => {
  const body = '{"event_type":"paid\u202Egnp","\u202Eevil":"\u202Egnp.exe\u200B","שלום":"עולם"}';
  await ringback.deliver(sign(body, { id: "evt_turned" }));
  await desk.enter(ADMIN);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = async (name: string) => {
    await window.getByRole("button", { name, exact: true }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await expect(desk.rows("evt_turned").getByText("paid⟨U+202E⟩gnp", { exact: true })).toBeVisible();
  const window = await desk.viewFromHistory("evt_turned");
  await expect(window.getByText("paid⟨U+202E⟩gnp", { exact: true })).toBeVisible();
  const label = "Show all with paid⟨U+202E⟩gnp";
  await expect(window.getByRole("button", { name: label, exact: true })).toHaveAttribute("title", label);
  const evil = row(window, "evil");
  await expect(evil).toHaveText('"⟨U+202E⟩evil": "⟨U+202E⟩gnp.exe⟨U+200B⟩",');
  await expect(evil.locator(".unseen")).toHaveText(["⟨U+202E⟩", "⟨U+202E⟩", "⟨U+200B⟩"]);
  await expect(evil.locator(".unseen").first()).toBeVisible();
  await evil.click();
  await expect(window.getByText("/⟨U+202E⟩evil", { exact: true })).toBeVisible();
  expect(await copied("Copy value")).toBe("\u202Egnp.exe\u200B");
  expect(await copied("Copy pointer")).toBe("/\u202Eevil");
  expect(await copied("Copy payload")).toBe(body);
  // A key that is read from right to left stays before its value.
  const hebrew = row(window, "שלום");
  const [key, value] = [hebrew.getByText('"שלום"'), hebrew.getByText('"עולם"')];
  expect((await key.boundingBox())!.x).toBeLessThan((await value.boundingBox())!.x);
  expect(await desk.raw(window)).toBe(
    '{"event_type":"paid⟨U+202E⟩gnp","⟨U+202E⟩evil":"⟨U+202E⟩gnp.exe⟨U+200B⟩","שלום":"עולם"}',
  );
});

test("the way to what is no text leads there in every view", async ({ ringback, desk }) => {
  const body = Buffer.concat([Buffer.from("a line of sixteen\n".repeat(5_000)), Buffer.from([0xff, 0xfe])]);
  await ringback.deliver(sign(body, { id: "evt_place" }));
  await desk.enter(ADMIN);
  const window = await desk.viewFromHistory("evt_place");
  // 18 bytes in a line: offset 90,000 is 15f90 and the first byte of its row.
  await window.getByRole("button", { name: "Go there" }).click();
  await expect(window.getByRole("tabpanel", { name: "Hex" })).toContainText("00015f90  ff fe");
  await window.getByRole("tab", { name: "Raw" }).click();
  await expect(window.getByRole("tabpanel", { name: "Raw" })).toContainText("a line of sixteen");
  await window.getByRole("button", { name: "Go there" }).click();
  await expect(window.getByRole("tabpanel", { name: "Raw" })).toContainText("\ufffd\ufffd");
});

test.describe("a payload on its way", () => {
  test.use({ expectedErrors: /Failed to load|status of 503/ });

  test("is stopped, fails and is tried again", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(largeBody(100_000), { id: "evt_slow" }));
    let answer: "held" | "failed" | "given" = "held";
    await page.route("**/payload?*", async (route) => {
      if (answer === "failed") await route.fulfill({ status: 503, body: "" });
      if (answer === "given") await route.continue();
    });
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_slow");
    const payload = window.getByRole("group", { name: "Payload" }).first();
    await expect(payload).toContainText("Loading the payload…");
    const stopped = page.waitForEvent("requestfailed", (request) => request.url().includes("/payload?"));
    await payload.getByRole("button", { name: "Stop" }).click();
    await stopped;
    await expect(payload).toContainText("The loading was stopped.");
    answer = "failed";
    await payload.getByRole("button", { name: "Try again" }).click();
    await expect(payload).toContainText("The server answered with status 503.");
    answer = "given";
    await payload.getByRole("button", { name: "Try again" }).click();
    await expect(row(window, '"event_type"')).toBeVisible();
  });

  test("is no longer asked for when its window is closed", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(largeBody(100_000), { id: "evt_closed" }));
    await page.route("**/payload?*", () => {});
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_closed");
    await expect(window.getByRole("group", { name: "Payload" }).first()).toContainText("Loading the payload…");
    const stopped = page.waitForEvent("requestfailed", (request) => request.url().includes("/payload?"));
    await page.keyboard.press("Escape");
    await stopped;
  });

  test("tells how much of it has come", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(largeBody(100_000), { id: "evt_pieces" }));
    // The half of it comes, and the rest when the test says so.
    await page.addInitScript(() => {
      const whole = globalThis.fetch;
      globalThis.fetch = async (input, init) => {
        const answer = await whole(input, init);
        if (!String(input).includes("/payload?")) return answer;
        const bytes = new Uint8Array(await answer.arrayBuffer());
        const half = 50 * 1024;
        const body = new ReadableStream({
          start(stream) {
            stream.enqueue(bytes.slice(0, half));
            Object.assign(globalThis, {
              goOn: () => {
                stream.enqueue(bytes.slice(half));
                stream.close();
              },
            });
          },
        });
        return new Response(body, { status: 200 });
      };
    });
    await desk.enter(ADMIN);
    const window = await desk.viewFromHistory("evt_pieces");
    const payload = window.getByRole("group", { name: "Payload" }).first();
    await expect(payload).toContainText(/Loading the payload… 50 KB of \d+\.\d KB/);
    await page.evaluate(() => (globalThis as unknown as { goOn: () => void }).goOn());
    await expect(row(window, '"event_type"')).toBeVisible();
  });
});
