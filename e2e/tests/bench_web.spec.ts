import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync } from "node:zlib";
import type { CDPSession, Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import type { Summary } from "../support/ringback";
import { jobBody, sign } from "../support/signing";

// Not a test: `just bench-web` measures with it. Times on a shared machine are noisy, so the ones
// that matter are given as a ratio to a plain page of the same data measured in the same run.

const RUNS = 5;
const ROWS = 50;
const SEEN = 10_000;

test.setTimeout(900_000);

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const spread = (values: number[]): string =>
  `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
const report = (what: string, value: string): void => console.log(`    ${what}: ${value}`);

/** A slow phone on a slow line: a quarter of the speed, 10 Mbit/s, 40 ms. */
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
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  return cdp;
}

interface Times {
  paint: number;
  row: number;
}

/** When something was first seen, and when the first row was, in milliseconds since the start. */
async function load(page: Page, url: string): Promise<Times> {
  await page.addInitScript(() => {
    const found = () => {
      if (!document.querySelector("tbody tr td a")) return;
      observer.disconnect();
      requestAnimationFrame(() => ((window as { firstRow?: number }).firstRow = performance.now()));
    };
    const observer = new MutationObserver(found);
    observer.observe(document, { childList: true, subtree: true });
  });
  await page.goto(url, { waitUntil: "commit" });
  await page.waitForFunction(() => (window as { firstRow?: number }).firstRow !== undefined);
  return page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    row: (window as { firstRow?: number }).firstRow!,
  }));
}

/** The same rows as a page that needs no script, compressed as the app is. */
async function servePlain(rows: Summary[]): Promise<Server> {
  const line = (row: Summary) =>
    `<tr><td>${row.signature}</td><td>${row.event_type}</td><td><a href="#">${row.callback_id}</a></td><td>${row.workflow}</td></tr>`;
  const html = `<!doctype html><meta charset=utf-8><title>Plain</title><table><tbody>${rows.map(line).join("")}</tbody></table>`;
  const body = brotliCompressSync(html);
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html", "content-encoding": "br" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function heap(cdp: CDPSession): Promise<{ script: number; memory: number }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const usage = (await cdp.send("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
  // WebAssembly's memory is a backing store.
  return { script: usage.usedSize, memory: usage.usedSize + (usage.backingStorageSize ?? 0) };
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
  const answers: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    for (const [url, times] of [
      [plainUrl, baseline],
      [ringback.url, app],
    ] as const) {
      const fresh = await context.newPage();
      await slowDown(fresh);
      times.push(await load(fresh, url));
      if (times === app) {
        await fresh.evaluate(() => {
          const seen: number[] = [];
          (window as { answers?: number[] }).answers = seen;
          new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => entry.duration))).observe({
            type: "event",
            buffered: false,
            durationThreshold: 16,
          } as PerformanceObserverInit);
        });
        await fresh.getByRole("button", { name: "Command palette" }).click();
        await fresh.keyboard.type("call");
        await fresh.keyboard.press("Escape");
        await fresh.getByRole("table").getByRole("link").first().click();
        await fresh.getByRole("dialog").first().getByRole("tab", { name: "Raw" }).click();
        // An event's entry is made with the frame that answers it.
        await fresh.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        answers.push(...(await fresh.evaluate(() => (window as { answers?: number[] }).answers ?? [])));
      }
      await fresh.close();
    }
  }
  plain.close();
  const of = (times: Times[], key: keyof Times) => times.map((time) => time[key]);
  report("something seen, ms", `${spread(of(app, "paint"))}; plain page ${spread(of(baseline, "paint"))}`);
  report("first row, ms", `${spread(of(app, "row"))}; plain page ${spread(of(baseline, "row"))}`);
  report("first row, ratio to the plain page", (median(of(app, "row")) / median(of(baseline, "row"))).toFixed(1));
  report("from a key or a click to the next paint, ms (the slowest)", `${Math.max(0, ...answers)}`);
});

test(`memory and work with ${SEEN} callbacks seen`, async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const empty = await heap(cdp);
  await ringback.send("--scenario", "burst", "--count", String(SEEN));
  await expect.poll(async () => (await desk.checkNow(), desk.tabCount()), { timeout: 120_000 }).toBe("1,000+");
  for (let polls = 0; polls < 20; polls += 1) await desk.checkNow();
  const full = await heap(cdp);
  report("heap, empty", `${megabytes(empty.script)} script, ${megabytes(empty.memory)} with WebAssembly's memory`);
  report(`heap, ${SEEN} seen`, `${megabytes(full.script)} script, ${megabytes(full.memory)} with WebAssembly's memory`);

  const spent: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const marker = `evt_append_${run}`;
    const before = await scriptSeconds(cdp);
    await page.route("**/llm-callbacks/stream*", (route) => route.abort());
    for (let at = 0; at < 99; at += 1) await ringback.deliver(sign(jobBody(), { id: `${marker}_${at}` }));
    await ringback.deliver(sign(jobBody(), { id: marker }));
    await desk.checkNow();
    await expect(desk.bell).toHaveAccessibleName(/unread/);
    spent.push(((await scriptSeconds(cdp)) - before) * 1_000);
  }
  report("script for 100 callbacks more, ms", spread(spent));
});

test("eight hours pass and the heap stays flat", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  const cdp = await page.context().newCDPSession(page);
  const samples: number[] = [];
  for (let minute = 0; minute < 8 * 60; minute += 1) {
    if (minute % 2 === 0) await ringback.deliver(sign(jobBody(), { id: `evt_hour_${minute}` }));
    await desk.poll("01:00");
    if (minute % 60 === 59) samples.push((await heap(cdp)).memory);
  }
  report("heap after each of eight hours", samples.map(megabytes).join(", "));
  // The notifications and the list are full after two hours; from then on nothing is added.
  expect(samples.at(-1)! / samples[2]!).toBeLessThan(1.25);
});

/** Of about this size, with many short rows, as a batch of chat completions is. */
function largeBody(bytes: number): string {
  const line = (index: number) => ({ index, role: "assistant", content: `line ${index} of a long answer`, tokens: index * 7 });
  const count = Math.floor(bytes / JSON.stringify(line(10_000)).length) - 10;
  return JSON.stringify({ event_type: "batch.completed", output: Array.from({ length: count }, (_, index) => line(index)) });
}

test.describe("large payloads, unthrottled", () => {
  test.use({ serverEnvironment: { RINGBACK_BODY_LIMIT_BYTES: String(6 << 20) } });

  for (const [name, bytes] of [
    ["1 MiB", 1 << 20],
    ["5 MiB", 5 << 20],
  ] as const) {
    test(`a payload of ${name} opens`, async ({ ringback, desk, page }) => {
      await ringback.deliver(sign(jobBody(), { id: "evt_small" }));
      await ringback.deliver(sign(largeBody(bytes), { id: "evt_large" }));
      await desk.enter(ADMIN);
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
