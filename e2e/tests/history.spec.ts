import { ADMIN, expect, test } from "../support/fixtures";
import { noteMemory, programMemory } from "../support/memory";
import { forge, jobBody, sign } from "../support/signing";

const unavailable = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: "/problems/unavailable",
    title: "Unavailable",
    status: 503,
    detail: "the database does not answer",
    request_id: "x",
  }),
};

test("older callbacks come as one scrolls, without a gap or a repeat while new ones arrive", async ({
  ringback,
  desk,
  page,
}) => {
  const ids = Array.from({ length: 130 }, (_, index) => `page_${String(index).padStart(3, "0")}`);
  for (const id of ids) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await expect(desk.rows("page_129")).toHaveCount(1);
  await expect(page.getByText("50 shown, there are more")).toBeVisible();
  expect(await desk.rows("page_").count(), "rows in the document").toBeLessThan(60);

  const seen: string[] = [];
  const collect = async () => {
    for (const id of await desk.rows("page_").getByRole("link").allInnerTexts()) {
      if (!seen.includes(id)) seen.push(id);
    }
  };
  await collect();
  await page.mouse.move(600, 500);
  for (let turn = 0; turn < 60 && !seen.includes("page_000"); turn += 1) {
    if (turn === 3) {
      await ringback.deliver(sign(jobBody(), { id: "late_1" }));
      await desk.poll();
    }
    await page.mouse.wheel(0, 400);
    await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(0);
    await collect();
  }
  expect(seen).toEqual(ids.toReversed());
  await expect(page.getByText("130 shown, that is all")).toBeVisible();

  // What came meanwhile waited; it is shown when the person wants it.
  await page.getByRole("button", { name: "1 new – show" }).click();
  await expect(desk.rows("late_1")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "new – show" })).toBeHidden();
});

test("rows that come and go leave nothing behind in memory", async ({ ringback, desk, page }) => {
  await noteMemory(page);
  await ringback.send("--scenario", "burst", "--count", "48");
  await desk.enter(ADMIN);
  await expect(page.getByText("48 shown, that is all")).toBeVisible();
  const scroll = () =>
    page.evaluate(async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        scrollTo(0, turn % 2 ? 0 : 10_000);
        dispatchEvent(new Event("scroll"));
        // The app has its turn, without the clock of the tests.
        await new Promise<void>((done) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => done();
          port2.postMessage("");
        });
      }
    });
  const before = await programMemory(page);
  await scroll();
  const once = await programMemory(page);
  expect(once).toBeGreaterThanOrEqual(before);
  for (let round = 0; round < 3; round += 1) await scroll();
  // Some pages of memory more are luck; 200 bytes that every row leaves behind take over twenty.
  expect(await programMemory(page)).toBeLessThanOrEqual(once + 8 * 65_536);
});

test("a row that shows another callback is wholly that one's", async ({ ringback, desk, page }) => {
  const newer = async (name: string, count: number) => {
    const rows = Array.from({ length: count }, (_, at) => sign(jobBody(), { id: `evt_${name}_${at}` }));
    for (const row of rows) await ringback.deliver(row);
    await desk.poll();
    await expect(desk.rows(`evt_${name}_${count - 1}`)).toHaveCount(1);
  };
  const link = (id: string) => page.getByRole("link", { name: id, exact: true });
  await ringback.deliver(sign(jobBody(), { id: "evt_viewed" }));
  await ringback.deliver(forge(jobBody(), { id: "evt_forged" }));
  await desk.enter(ADMIN);
  const first = desk.rows("evt_viewed");
  await expect(desk.rows("evt_forged").getByText("Invalid", { exact: true })).toBeVisible();
  await first.getByRole("checkbox").check();
  await desk.viewFromHistory("evt_viewed");
  await expect(first.getByText(`Viewed by ${ADMIN.name}`)).toBeAttached();
  // The list stays as it is under a pointer.
  await page.mouse.move(1, 1);

  // More than there are rows in sight: none of them is in the document any more.
  await newer("b", 60);
  await expect(first).toHaveCount(0);
  for (const id of ["evt_b_59", "evt_b_58"]) {
    await expect(desk.rows(id).getByRole("checkbox")).not.toBeChecked();
    await expect(desk.rows(id).getByRole("button", { name: `Mark ${id} as viewed` })).toBeVisible();
    await expect(desk.rows(id).getByText("Valid", { exact: true })).toBeVisible();
    await expect(desk.rows(id).getByText(/^Viewed/)).toHaveCount(0);
  }
  // What opened the window shows another callback, so that one is not given the focus.
  await page.keyboard.press("Escape");
  await expect(desk.window("evt_viewed")).toHaveCount(0);
  await expect(page.getByRole("main")).toBeFocused();

  // A row with the focus stays where it is, and its own.
  await link("evt_b_59").focus();
  await newer("c", 60);
  await expect(link("evt_b_59")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(desk.window("evt_b_59")).toBeVisible();
  await page.keyboard.press("Escape");
  // The focus went to the window, so its row has gone from the document like all so far down.
  await expect(page.getByRole("main")).toBeFocused();

  // Every row opens and marks what it shows, and they stand in the order in which they are read.
  await page.evaluate(() => scrollTo(0, 0));
  await desk.viewFromHistory("evt_c_50");
  await page.keyboard.press("Escape");
  await desk.rows("evt_c_57").getByRole("button", { name: "Mark evt_c_57 as viewed" }).click();
  await expect(desk.rows("evt_c_57").getByText(`Viewed by ${ADMIN.name}`)).toBeAttached();
  await expect(desk.rows("evt_c_50").getByText(`Viewed by ${ADMIN.name}`)).toBeAttached();
  const shown = await desk.history.getByRole("link").allInnerTexts();
  expect(shown.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, at) => `evt_c_${59 - at}`));
  const places = await desk.history.getByRole("row").evaluateAll((rows) => rows.map((row) => Number(row.ariaRowIndex)));
  expect(places.slice(1, 11)).toEqual(Array.from({ length: 10 }, (_, at) => at + 2));
});

test.describe("a server that does not read on", () => {
  test.use({ expectedErrors: /status of 503|Failed to load/ });

  test("is told of below the list, and a button tries again", async ({ ringback, desk, page }) => {
    for (let index = 0; index < 60; index += 1) await ringback.deliver(sign(jobBody(), { id: `b_${index}` }));
    let fails = true;
    await page.route("**/llm-callbacks/history?*before=*", (route) => (fails ? route.fulfill(unavailable) : route.continue()));
    await desk.enter(ADMIN);
    await expect(desk.rows("b_59")).toHaveCount(1);
    await page.keyboard.press("End");
    await expect(page.getByText("the database does not answer")).toBeVisible();
    fails = false;
    await page.getByRole("button", { name: "Older" }).click();
    await expect(page.getByText("60 shown, that is all")).toBeVisible();
  });
});

test.describe("another list than the one that is read on", () => {
  test.use({ expectedErrors: /status of 503|Failed to load/ });

  test.beforeEach(async ({ ringback, desk, page }) => {
    for (let index = 0; index < 60; index += 1) await ringback.deliver(sign(jobBody(), { id: `c_${index}` }));
    await ringback.deliver(forge(jobBody(), { id: "c_forged" }));
    await desk.enter(ADMIN);
    await expect(desk.rows("c_59")).toHaveCount(1);
    // A key is for what has the focus: the form that had it is gone.
    await expect(page.getByRole("main")).toBeFocused();
  });

  test("is shown though older ones of the first are on their way", async ({ desk, page }) => {
    await page.route("**/llm-callbacks/history?*before=*", () => {});
    await page.keyboard.press("End");
    await expect(page.getByText("Loading older callbacks…")).toBeVisible();
    await page.getByRole("combobox", { name: "Signature" }).selectOption("Invalid");
    await expect(page.getByText("1 shown, that is all")).toBeVisible();
    await expect(desk.rows("c_forged")).toHaveCount(1);
  });

  test("is shown though older ones of the first did not come", async ({ ringback, desk, page }) => {
    await page.route("**/llm-callbacks/history?*before=*", (route) => route.fulfill(unavailable));
    await page.keyboard.press("End");
    await expect(page.getByText("the database does not answer")).toBeVisible();
    await ringback.deliver(sign(jobBody(), { id: "c_new" }));
    await desk.poll();
    await page.getByRole("button", { name: "1 new – show" }).click();
    await expect(desk.rows("c_new")).toHaveCount(1);
  });

  test("says why it does not come, and comes when it is tried again", async ({ desk, page }) => {
    await page.route("**/llm-callbacks/history?*", (route) => route.fulfill(unavailable));
    await page.getByRole("combobox", { name: "Signature" }).selectOption("Invalid");
    await expect(page.getByText("the database does not answer")).toBeVisible();
    await page.unroute("**/llm-callbacks/history?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(desk.rows("c_forged")).toHaveCount(1);
  });
});

test("a page of the past leads to what is newer, and to the newest", async ({ ringback, desk, page }) => {
  const ids = Array.from({ length: 160 }, (_, index) => `past_${String(index).padStart(3, "0")}`);
  for (const id of ids) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await expect(desk.rows("past_159")).toHaveCount(1);
  const older = page.waitForRequest(/history\?.*before=/);
  await page.keyboard.press("End");
  const position = new URL((await older).url()).searchParams.get("before")!;

  await page.goto(`/?before=${encodeURIComponent(position)}`);
  await expect(desk.rows("past_109")).toHaveCount(1);
  await expect(desk.rows("past_110")).toHaveCount(0);
  await page.getByRole("button", { name: "Newer" }).click();
  await expect(desk.rows("past_159")).toHaveCount(1);
  await expect(page).toHaveURL(/\?after=/);
  await expect(page.getByRole("button", { name: "Newer" })).toHaveCount(0);
  await page.goBack();
  await page.getByRole("button", { name: "Newest" }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(desk.rows("past_159")).toHaveCount(1);
});

test("what is in sight does not jump while new callbacks arrive", async ({ ringback, desk, page }) => {
  for (let index = 0; index < 40; index += 1) await ringback.deliver(sign(jobBody(), { id: `s_${String(index).padStart(2, "0")}` }));
  await desk.enter(ADMIN);
  await page.mouse.move(600, 500);
  await page.mouse.wheel(0, 700);
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(300);
  const top = () => desk.rows("s_20").boundingBox().then((box) => Math.round(box!.y));
  const before = await top();
  await ringback.deliver(sign(jobBody(), { id: "new_1" }));
  await desk.poll();
  await expect(page.getByRole("button", { name: "1 new – show" })).toBeVisible();
  expect(await top()).toBe(before);
});

test("rows stay under a pointer that rests on them, for as long as it does", async ({ ringback, desk, page }) => {
  for (const id of ["h_1", "h_2", "h_3"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await desk.rows("h_2").hover();
  await desk.pass("00:08");
  const top = () => desk.rows("h_2").boundingBox().then((box) => Math.round(box!.y));
  const before = await top();
  await ringback.deliver(sign(jobBody(), { id: "new_1" }));
  await desk.poll();
  await expect(page.getByRole("button", { name: "1 new – show" })).toBeVisible();
  await expect(desk.rows("new_1")).toHaveCount(0);
  expect(await top()).toBe(before);
  await page.getByRole("button", { name: "1 new – show" }).click();
  await expect(desk.rows("new_1")).toHaveCount(1);
  await page.getByRole("heading", { name: "Callbacks", level: 1 }).hover();
  await ringback.deliver(sign(jobBody(), { id: "new_2" }));
  await desk.poll();
  await expect(desk.rows("new_2")).toHaveCount(1);
});

test("while the list loads it says so, and does not look empty", async ({
  ringback,
  desk,
  page,
}) => {
  await ringback.deliver(sign(jobBody(), { id: "evt_slow" }));
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/llm-callbacks/history*", async (route) => {
    await held;
    await route.continue();
  });
  await desk.enter(ADMIN);
  const busy = page.getByText("Loading callbacks…");
  await expect(busy).toBeVisible();
  await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toHaveCount(0);
  answer();
  await expect(desk.rows("evt_slow")).toHaveCount(1);
  await expect(busy).toHaveCount(0);
});

test("an empty history says how to get the first callback", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
});

test("one, several and all are marked as viewed, and it is taken back", async ({ ringback, desk, page }) => {
  for (let index = 1; index <= 6; index += 1) await ringback.deliver(sign(jobBody(), { id: `m_${index}` }));
  await desk.enter(ADMIN);
  const unviewed = async () => (await ringback.history()).filter((row) => !row.viewed_at).length;
  await page.getByRole("button", { name: "Mark m_1 as viewed" }).click();
  await expect(page.getByText("1 marked as viewed").first()).toBeVisible();
  expect(await unviewed()).toBe(5);
  await page.getByRole("checkbox", { name: "Select m_5" }).click();
  await page.getByRole("checkbox", { name: "Select m_2" }).click({ modifiers: ["Shift"] });
  await page.getByRole("button", { name: "Mark 4 selected as viewed" }).click();
  await expect(page.getByText("4 marked as viewed").first()).toBeVisible();
  expect(await unviewed()).toBe(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("button", { name: "Mark m_5 as viewed" })).toBeVisible();
  expect(await unviewed()).toBe(5);
  await page.getByRole("button", { name: "Mark all as viewed" }).click();
  await expect(page.getByText("5 marked as viewed").first()).toBeVisible();
  expect(await unviewed()).toBe(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(unviewed).toBe(5);
  await expect(desk.rows("m_1")).toContainText(`Viewed by ${ADMIN.name}`);
});

test("the pointer finds what is cut off, and when exactly something came", async ({ ringback, desk }) => {
  const id = `evt_${"long".repeat(50)}`;
  await desk.enter(ADMIN);
  await ringback.deliver(sign(jobBody(), { id }));
  const row = desk.rows(id);
  await row.getByRole("link").hover();
  await expect(row.getByRole("link")).toHaveAttribute("title", id);
  const event = row.getByRole("cell", { name: "batch.completed", exact: true });
  await event.hover();
  await expect(event).toHaveAttribute("title", "");
  const time = row.getByRole("time");
  const received = (await time.getAttribute("datetime"))!;
  await time.hover();
  await expect(time).toHaveAttribute("title", new RegExp(`^(just now|\\d+ s ago), 20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [+-]\\d\\d:\\d\\d \\(${received}\\)$`));
  // A row may show another callback before the pointer comes to it again.
  await expect(row.getByRole("link")).not.toHaveAttribute("title");
});

test("density and columns are chosen and remembered", async ({ ringback, desk, page }) => {
  await page.setViewportSize({ width: 1440, height: 800 });
  await ringback.deliver(sign(jobBody(), { id: "evt_view" }));
  await desk.enter(ADMIN);
  const header = (name: string) => desk.history.getByRole("columnheader", { name });
  await expect(header("Job")).toBeVisible();
  const height = () => desk.rows("evt_view").boundingBox().then((box) => box!.height);
  const comfortable = await height();
  await page.getByText("View", { exact: true }).click();
  await page.getByRole("checkbox", { name: "Job" }).uncheck();
  await page.getByRole("radio", { name: "Compact" }).check();
  await expect(header("Job")).toBeHidden();
  expect(await height()).toBeLessThan(comfortable);
  await page.reload();
  await expect(desk.rows("evt_view")).toHaveCount(1);
  await expect(header("Job")).toBeHidden();
  expect(await height()).toBeLessThan(comfortable);

  // It is the choice of the settings, which this goes by too.
  await page.goto("/settings");
  const setting = page.getByRole("group", { name: "Density of lists" });
  await expect(setting.getByRole("radio", { name: "Compact" })).toBeChecked();
  await setting.getByRole("radio", { name: "Comfortable" }).check();
  await page.goto("/");
  await expect(desk.rows("evt_view")).toHaveCount(1);
  await expect.poll(height).toBe(comfortable);
});

test("keys lead through the list, open and select", async ({ ringback, desk, page }) => {
  for (const id of ["k_1", "k_2", "k_3"]) await ringback.deliver(sign(jobBody(), { id }));
  await desk.enter(ADMIN);
  await expect(desk.rows("k_")).toHaveCount(3);
  const link = (id: string) => desk.history.getByRole("link", { name: id });
  await page.keyboard.press("j");
  await expect(link("k_3")).toBeFocused();
  await page.keyboard.press("j");
  await expect(link("k_2")).toBeFocused();
  await page.keyboard.press("k");
  await expect(link("k_3")).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByRole("checkbox", { name: "Select k_3" })).toBeChecked();
  await page.keyboard.press("o");
  await expect(desk.window("k_3")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(link("k_3")).toBeFocused();
  await page.keyboard.press("/");
  await expect(desk.filter("Callback or job id")).toBeFocused();
  await page.keyboard.type("jk");
  await expect(desk.filter("Callback or job id")).toHaveValue("jk");
});

test.describe("a server that fails", () => {
  test.use({ expectedErrors: /status of 503|Failed to load/ });

  test("the list says so and is read again on demand", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_later" }));
    let fails = true;
    await page.route("**/llm-callbacks/history*", (route) =>
      fails ? route.fulfill(unavailable) : route.continue(),
    );
    await desk.enter(ADMIN);
    await expect(page.getByRole("heading", { name: "The callbacks could not be read" })).toBeVisible();
    await expect(page.getByText("the database does not answer")).toBeVisible();
    fails = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(desk.rows("evt_later")).toHaveCount(1);
  });

  test("rows that could not be read again stay, and it is tried again on demand", async ({ ringback, desk, page }) => {
    await ringback.deliver(sign(jobBody(), { id: "evt_kept" }));
    await desk.enter(ADMIN);
    await desk.rows("evt_kept").hover();
    await ringback.deliver(sign(jobBody(), { id: "evt_new" }));
    await desk.poll();
    let fails = true;
    await page.route("**/llm-callbacks/history*", (route) => (fails ? route.fulfill(unavailable) : route.continue()));
    await page.getByRole("button", { name: "1 new – show" }).click();
    await expect(page.getByRole("alert")).toHaveText(/could not be read again: the database does not answer/);
    await expect(desk.rows("evt_kept")).toHaveCount(1);
    await expect(page.getByRole("button", { name: "1 new – show" })).toBeVisible();
    fails = false;
    await page.getByRole("alert").getByRole("button", { name: "Try again" }).click();
    await expect(desk.rows("evt_new")).toHaveCount(1);
    await expect(desk.rows("evt_kept")).toHaveCount(1);
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
});
