import { ADMIN, expect, test } from "../support/fixtures";
import { jobBody, sign } from "../support/signing";

// No clock is pushed here unless it says so: what appears came by the stream, not by a poll.
const STREAM = "**/api/admin/llm-callbacks/stream*";
const CHECK = "**/api/admin/llm-callbacks/check*";

test("a callback is toasted within a second after it is stored", async ({ ringback, desk, page }) => {
  await desk.enter(ADMIN);
  await desk.settle();
  // Nobody answers a poll any more.
  await page.route(CHECK, () => {});
  await ringback.deliver(sign(jobBody(), { id: "evt_pushed" }));
  await expect(desk.toasts("evt_pushed")).toHaveCount(1, { timeout: 1_000 });
  await expect(desk.rows("evt_pushed")).toHaveCount(1);
});

test("the stream and the poll together show a callback once", async ({ ringback, desk }) => {
  await desk.enter(ADMIN);
  await desk.expectConnection("Live");
  for (const id of ["evt_1", "evt_2"]) {
    await ringback.deliver(sign(jobBody(), { id }));
    await desk.poll();
    await expect(desk.toasts(id)).toHaveCount(1);
    await expect(desk.rows(id)).toHaveCount(1);
  }
});

test.describe("a stream that is refused", () => {
  test.use({ expectedErrors: /ERR_FAILED|status of 503/ });

  test("leaves the work to the poll", async ({ ringback, desk, page }) => {
    await page.route(STREAM, (route) => route.fulfill({ status: 503 }));
    await desk.enter(ADMIN);
    await desk.expectConnection("Polling");
    await ringback.deliver(sign(jobBody(), { id: "evt_polled" }));
    await desk.poll();
    await expect(desk.toasts("evt_polled")).toHaveCount(1);
  });
});

test.describe("a server that goes away", () => {
  test.use({ expectedErrors: /ERR_/ });

  test("is followed again from where the stream broke off, without loss or repetition", async ({ ringback, desk }) => {
    await desk.enter(ADMIN);
    await desk.expectConnection("Live");
    const toasted = await desk.noteToasts();
    await ringback.deliver(sign(jobBody(), { id: "evt_first" }));
    await expect(desk.toasts("evt_first")).toHaveCount(1);
    const port = Number(new URL(ringback.url).port);
    await ringback.halt();
    await desk.expectConnection("Polling");
    await ringback.serve(port);
    await ringback.deliver(sign(jobBody(), { id: "evt_between" }));
    await desk.pass("02:10");
    await desk.expectConnection("Live");
    await expect(desk.rows("evt_between")).toHaveCount(1);
    await ringback.deliver(sign(jobBody(), { id: "evt_after" }));
    await expect(desk.rows("evt_after")).toHaveCount(1);
    await expect(desk.rows("evt_first")).toHaveCount(1);
    await expect.poll(toasted).toEqual(["evt_first", "evt_between", "evt_after"]);
    // Nor does the poll tell of one again.
    await desk.poll();
    expect(await toasted()).toEqual(["evt_first", "evt_between", "evt_after"]);
  });
});
