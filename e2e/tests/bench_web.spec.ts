import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync } from "node:zlib";
import type { CDPSession, Locator, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { noteMemory, programMemory } from "../support/memory";
import type { Summary } from "../support/ringback";
import { jobBody, largeBody, sign } from "../support/signing";

// Not a test: `just bench-web` measures with it. Times on a shared machine are noisy, so the ones
// that matter are given as a ratio to a plain page of the same data measured in the same run.

const RUNS = 9;
/** What fraction of its speed the processor has: 4 means a quarter. */
const SLOWDOWN = Number(process.env.RINGBACK_E2E_SLOWDOWN ?? 4);
/**
 * A person holds a button or a key down for a moment. Playwright would send the pointer's way, the press
 * and the release in one go, and the answers to all three would count as that to the release.
 */
const HELD_MS = 80;
const ROWS = 50;
const CHECK = "**/api/admin/llm-callbacks/check*";
const SEEN = 10_000;
/** Eight hours in steps of five minutes; together they bring as many as {@link SEEN}. */
const STEPS_AN_HOUR = 12;
const STEPS = 8 * STEPS_AN_HOUR;
const PER_STEP = Math.ceil(SEEN / STEPS);

test.setTimeout(900_000);

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const spread = (values: number[], digits = 0): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
const report = (what: string, value: string): void => console.log(`    ${what}: ${value}`);

/** A slow phone on a slow line: a fraction of the speed, 10 Mbit/s, 40 ms. */
async function slowDown(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.clearBrowserCache");
  await cdp.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 40,
    downloadThroughput: 1_250_000,
    uploadThroughput: 1_250_000,
  });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  return cdp;
}

interface Times {
  paint: number;
  row: number;
}

const SEEN_ALL = "something was seen, and the first row";

/** When something was first seen, and when the first row was, in milliseconds since the start. */
async function load(page: Page, url: string): Promise<Times> {
  await page.addInitScript((message) => {
    const times: Partial<Times> = {};
    const note = (found: Partial<Times>) => {
      Object.assign(times, found);
      if (times.paint !== undefined && times.row !== undefined) console.debug(message, JSON.stringify(times));
    };
    new PerformanceObserver((list) => {
      const [first] = list.getEntriesByName("first-contentful-paint");
      if (first) note({ paint: first.startTime });
    }).observe({ type: "paint", buffered: true });
    const rows = new MutationObserver(() => {
      if (!document.querySelector("tbody tr td a")) return;
      rows.disconnect();
      requestAnimationFrame(() => note({ row: performance.now() }));
    });
    rows.observe(document, { childList: true, subtree: true });
  }, SEEN_ALL);
  const seen = page.waitForEvent("console", (message) => message.text().startsWith(SEEN_ALL));
  await page.goto(url, { waitUntil: "commit" });
  return JSON.parse((await seen).text().slice(SEEN_ALL.length)) as Times;
}

/** What somebody does: first the way there, then the key or the click itself. */
type Interaction = [name: string, prepare: (page: Page) => Promise<() => Promise<void>>];

const key = (name: string, key: string): Interaction => [
  name,
  async (page) => () => page.keyboard.press(key, { delay: HELD_MS }),
];

const click = (name: string, find: (page: Page) => Locator): Interaction => [
  name,
  async (page) => {
    const box = (await find(page).boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    return () => page.mouse.click(x, y, { delay: HELD_MS });
  },
];

/** What people do, each from where the one before has led. */
const INTERACTIONS: Interaction[] = [
  click("open the palette", (page) => page.getByRole("button", { name: "Command palette" })),
  ["type in it", async (page) => () => page.keyboard.type("call", { delay: HELD_MS })],
  key("close it", "Escape"),
  click("open a callback", (page) => page.getByRole("table").getByRole("link").first()),
  click("its payload as received", (page) => page.getByRole("dialog").getByRole("tab", { name: "Raw" })),
  key("close it again", "Escape"),
  key("the next row", "j"),
  key("select it", "x"),
  key("the sheet of shortcuts", "?"),
  key("close the sheet", "Escape"),
  click("the settings", (page) => page.getByRole("link", { name: "Settings" })),
  click("back to the callbacks", (page) => page.getByRole("link", { name: /^Callbacks/ })),
];

const PLAIN_INTERACTIONS: Interaction[] = [
  click("a plain page", (page) => page.getByRole("button", { name: "Add a word" })),
];

/** Collects how long the page takes to answer keys and clicks, as browsers measure it. */
async function noteInteractions(page: Page): Promise<void> {
  await page.evaluate(() => {
    const answers: { interactionId: number; duration: number }[] = [];
    Object.assign(globalThis, { answers });
    new PerformanceObserver((list) => answers.push(...(list.getEntries() as unknown as typeof answers))).observe({
      type: "event",
      durationThreshold: 16,
    } as PerformanceObserverInit);
  });
}

/** How long the slowest answer to something takes; 16 ms and less are 16. */
async function slowestAnswer(page: Page, [, prepare]: Interaction): Promise<number> {
  const act = await prepare(page);
  // The page comes to rest: after what is done before, and after what the server answers to this.
  await page.waitForTimeout(700);
  await act();
  await page.waitForTimeout(700);
  return page.evaluate(() => {
    const { answers } = globalThis as unknown as { answers: { interactionId: number; duration: number }[] };
    // What has no number is no key and no click, but the pointer that wanders.
    const slowest = Math.max(16, ...answers.filter((answer) => answer.interactionId).map((answer) => answer.duration));
    answers.length = 0;
    return slowest;
  });
}

/** The same rows as a page that needs no script, compressed as the app is. */
async function servePlain(rows: Summary[]): Promise<Server> {
  const line = (row: Summary) =>
    `<tr><td>${row.signature}</td><td>${row.event_type}</td><td><a href="#">${row.callback_id}</a></td><td>${row.workflow}</td></tr>`;
  const button = `<button onclick="document.body.append('word ')">Add a word</button>`;
  const html = `<!doctype html><meta charset=utf-8><title>Plain</title>${button}<table><tbody>${rows.map(line).join("")}</tbody></table>`;
  const body = brotliCompressSync(html);
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html", "content-encoding": "br" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function heap(page: Page, cdp: CDPSession): Promise<{ script: number; memory: number }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = (await cdp.send("Runtime.getHeapUsage")) as { usedSize: number };
  const memory = await programMemory(page);
  return { script: usedSize, memory: usedSize + memory };
}

/** Writes down the callbacks that the app is answered, and tells whether it has read them all. */
async function noteAnswers(page: Page): Promise<{ ids: Set<number>; isDone: () => Promise<boolean> }> {
  const ids = new Set<number>();
  let last = { has_more: true, cursor: "" };
  await page.route(CHECK, async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as { callbacks: { id: number }[] } & typeof last;
    for (const { id } of answer.callbacks) ids.add(id);
    last = answer;
    await route.fulfill({ response });
  });
  const kept = () => page.evaluate(() => localStorage.getItem("ringback.v1.cursor")?.split(" ")[0]);
  // The position is kept once what came with it was taken in.
  return { ids, isDone: async () => !last.has_more && (await kept()) === last.cursor };
}

async function scriptSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "ScriptDuration")!.value;
}

test("loading and answering on a slow machine and line", async ({ ringback, desk, page, context }) => {
  await ringback.send("--scenario", "burst", "--count", String(ROWS));
  await page.goto("/");
  await desk.signIn(ADMIN);
  const plain = await servePlain(await ringback.history());
  const plainUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`;
  const app: Times[] = [];
  const baseline: Times[] = [];
  const answers = new Map<string, number[]>();
  for (let run = 0; run < RUNS; run += 1) {
    for (const [url, times] of [
      [plainUrl, baseline],
      [ringback.url, app],
    ] as const) {
      const fresh = await context.newPage();
      await slowDown(fresh);
      times.push(await load(fresh, url));
      await noteInteractions(fresh);
      for (const interaction of times === app ? INTERACTIONS : PLAIN_INTERACTIONS) {
        const [name] = interaction;
        answers.set(name, [...(answers.get(name) ?? []), await slowestAnswer(fresh, interaction)]);
      }
      await fresh.close();
    }
  }
  plain.close();
  const of = (times: Times[], key: keyof Times) => times.map((time) => time[key]);
  report("something seen, ms", `${spread(of(app, "paint"))}; plain page ${spread(of(baseline, "paint"))}`);
  report("first row, ms", `${spread(of(app, "row"))}; plain page ${spread(of(baseline, "row"))}`);
  report("first row, ratio to the plain page", (median(of(app, "row")) / median(of(baseline, "row"))).toFixed(1));
  for (const [name, times] of answers) report(`from a key or a click to the next paint, ms: ${name}`, spread(times));
});

test.describe("with many seen", () => {
  test.use({ expectedErrors: /ERR_FAILED|Failed to load/ });

  test(`memory and work with ${SEEN} callbacks seen`, async ({ ringback, desk, page }) => {
    // Everything arrives with the answer to one question.
    await page.route("**/llm-callbacks/stream*", (route) => route.abort());
    await noteMemory(page);
    await page.goto("/");
    await desk.signIn(ADMIN);
    const cdp = await page.context().newCDPSession(page);
    // The processor's time: what else the machine does does not count.
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    const empty = await heap(page, cdp);
    const answered = await noteAnswers(page);
    await ringback.send("--scenario", "burst", "--count", String(SEEN));
    await desk.checkNow();
    await expect
      .poll(async () => [answered.ids.size, await answered.isDone()], { timeout: 120_000 })
      .toEqual([SEEN, true]);
    expect(await desk.tabCount()).toBe("1,000+");
    await page.unroute(CHECK);
    const full = await heap(page, cdp);
    report("heap, empty", `${megabytes(empty.script)} script, ${megabytes(empty.memory)} with WebAssembly's memory`);
    report(`heap, ${SEEN} seen`, `${megabytes(full.script)} script, ${megabytes(full.memory)} with WebAssembly's memory`);

    // The pointer goes to the button by itself, and nothing is asked of the page meanwhile: what a
    // test finds and waits for in the page would count as the page's own script.
    const button = (await page.getByRole("button", { name: "Check now" }).boundingBox())!;
    const [x, y] = [button.x + button.width / 2, button.y + button.height / 2];
    const check = async (): Promise<number> => {
      const before = await scriptSeconds(cdp);
      const answered = desk.nextCheck();
      await page.mouse.click(x, y);
      await answered;
      await new Promise((done) => setTimeout(done, 1_000));
      return ((await scriptSeconds(cdp)) - before) * 1_000;
    };
    const nothing: number[] = [];
    const hundred: number[] = [];
    const more: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await check();
      const without = await check();
      const rows = Array.from({ length: 100 }, (_, at) => sign(jobBody(), { id: `evt_append_${run}_${at}` }));
      await Promise.all(rows.map((row) => ringback.deliver(row)));
      const withThem = await check();
      nothing.push(without);
      hundred.push(withThem);
      more.push(withThem - without);
    }
    report("script for a check that finds nothing, ms", spread(nothing, 1));
    report("script for a check that finds 100 callbacks, ms", spread(hundred, 1));
    report("so for 100 callbacks more, ms", spread(more, 1));
  });
});

test(`eight hours pass, ${PER_STEP * STEPS} callbacks arrive, and the heap stays flat`, async ({ ringback, desk, page }) => {
  await noteMemory(page);
  await desk.enter(ADMIN);
  const cdp = await page.context().newCDPSession(page);
  const samples: number[] = [];
  for (let step = 1; step <= STEPS; step += 1) {
    const rows = Array.from({ length: PER_STEP - 1 }, (_, at) => sign(jobBody(), { id: `evt_step_${step}_${at}` }));
    await Promise.all(rows.map((row) => ringback.deliver(row)));
    await ringback.deliver(sign(jobBody(), { id: `evt_step_${step}_last` }));
    // What is still asked for would be given up when five minutes pass at once.
    await desk.expectNothingUnderWay();
    await desk.poll("05:00");
    // The app has taken in each of them, and its list shows the last.
    await expect(desk.bell).toHaveAccessibleName(`Notification centre, ${step * PER_STEP} unread`);
    await expect(desk.rows(`evt_step_${step}_last`)).toHaveCount(1);
    if (step % STEPS_AN_HOUR === 0) samples.push((await heap(page, cdp)).memory);
  }
  report("heap after each of eight hours", samples.map(megabytes).join(", "));
  // The notifications (100) and the memory of what was shown (2,000) are full in the second hour:
  // whatever grows from then on keeps every callback that ever came.
  expect(samples.at(-1)! / samples[2]!).toBeLessThan(1.25);
});

/** One of many short rows, as a batch of chat completions has them. */
const completion = (index: number): string =>
  JSON.stringify({ index, role: "assistant", content: `line ${index} of a long answer`, tokens: index * 7 });

test.describe("large payloads, unthrottled", () => {
  test.use({ serverEnvironment: { RINGBACK_BODY_LIMIT_BYTES: String(6 << 20) } });

  for (const [name, bytes] of [
    ["1 MiB", 1 << 20],
    ["5 MiB", 5 << 20],
  ] as const) {
    test(`a payload of ${name} opens`, async ({ ringback, desk, page }) => {
      await ringback.deliver(sign(jobBody(), { id: "evt_small" }));
      await ringback.deliver(sign(largeBody(bytes, completion), { id: "evt_large" }));
      // Not with a clock that tests push: its frames last twice as long.
      await page.goto("/");
      await desk.signIn(ADMIN);
      await page.evaluate(() => {
        const tasks: number[] = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
          type: "longtask",
        });
        Object.assign(globalThis, { tasks });
      });
      const opens: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const link = desk.rows("evt_large").getByRole("link");
        // From the click to the frame that shows the first row, in the page's own time.
        opens.push(
          await link.evaluate(
            (element: HTMLElement) =>
              new Promise<number>((done) => {
                const begun = performance.now();
                const look = new MutationObserver(() => {
                  if (!document.querySelector("[role=dialog] [role=treeitem]")) return;
                  look.disconnect();
                  requestAnimationFrame(() => done(performance.now() - begun));
                });
                look.observe(document.body, { childList: true, subtree: true });
                element.click();
              }),
          ),
        );
        const window = desk.window("evt_large");
        await expect(window.getByRole("treeitem", { name: /event_type/ })).toBeVisible();
        await page.keyboard.press("Escape");
        await expect(window).toHaveCount(0);
      }
      const tasks = await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks);
      report(`${name}: from the click to the first rows, ms`, spread(opens));
      report(`${name}: tasks over 50 ms`, tasks.map((task) => task.toFixed(0)).join(", ") || "none");
    });
  }
});
