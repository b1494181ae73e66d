import type { Page } from "@playwright/test";
import { ADMIN, expect, test } from "../support/fixtures";
import { sign } from "../support/signing";

interface Line {
  /** How often the app has asked for the next piece. */
  asked: number;
  send: (text: string) => void;
  end: () => void;
}

/** Answers the payload piece by piece, as the test says: a line that is as slow as it likes. */
async function slowPayload(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const fetchAtOnce = window.fetch;
    window.fetch = async (input, init) => {
      if (!String(input).includes("/payload")) return fetchAtOnce(input, init);
      const line: Line = { asked: 0, send: () => {}, end: () => {} };
      (window as { line?: Line }).line = line;
      const body = new ReadableStream<Uint8Array>(
        {
          start: (controller) => {
            line.send = (text) => controller.enqueue(new TextEncoder().encode(text));
            line.end = () => controller.close();
            init?.signal?.addEventListener("abort", () => controller.error(new Error("given up")));
          },
          pull: () => {
            line.asked += 1;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body);
    };
  });
}

const asked = (page: Page) => page.evaluate(() => (window as { line?: Line }).line?.asked ?? 0);
const send = (page: Page, text: string) =>
  page.evaluate((text) => (window as { line?: Line }).line!.send(text), text);

const body = JSON.stringify({ event_type: "x", text: "a".repeat(40_000), last: "the end" });

test("a large payload may take as long as it needs while some of it arrives", async ({ ringback, desk, page }) => {
  await slowPayload(page);
  await ringback.deliver(sign(body, { id: "evt_slow" }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_slow");
  await expect.poll(() => asked(page)).toBe(1);
  await desk.stopTime();
  for (let piece = 0; piece < 5; piece += 1) {
    await send(page, body.slice(piece * 9_000, (piece + 1) * 9_000));
    await expect.poll(() => asked(page)).toBe(piece + 2);
    await page.clock.runFor(7_000);
  }
  await page.evaluate(() => (window as { line?: Line }).line!.end());
  await expect(desk.window("evt_slow").getByRole("tree", { name: "Payload" })).toContainText("the end");
});

test("a server that falls silent in the middle of an answer is given up on", async ({ ringback, desk, page }) => {
  await slowPayload(page);
  await ringback.deliver(sign(body, { id: "evt_silent" }));
  await desk.enter(ADMIN);
  await desk.viewFromHistory("evt_silent");
  await expect.poll(() => asked(page)).toBe(1);
  await send(page, body.slice(0, 100));
  await expect.poll(() => asked(page)).toBe(2);
  await page.clock.runFor(8_100);
  await expect(desk.window("evt_silent")).toContainText("The server did not answer");
});
