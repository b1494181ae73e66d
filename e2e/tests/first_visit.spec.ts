import { ADMIN, expect, test } from "../support/fixtures";

test("an empty desk says how the first callback gets here, and sends one to itself", async ({
  ringback,
  desk,
  page,
}) => {
  await desk.enter(ADMIN);
  await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
  await expect(page.getByText(`${ringback.url}/api/webhooks/llm-callback`, { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Send a test callback" }).click();
  await expect(desk.rows("ringback.test")).toHaveCount(1);
  await expect(desk.toasts("ringback.test")).toHaveCount(1);
  await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toHaveCount(0);
  const [stored] = await ringback.history();
  expect(stored).toMatchObject({ event_type: "ringback.test", signature: "valid" });
});

test("the command on an empty desk works as it is pasted", async ({ ringback, desk, page }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await desk.enter(ADMIN);
  await page.getByRole("button", { name: "Copy command" }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toContain(ringback.url);
  await ringback.shell(await copied());
  await expect(desk.rows("hello")).toHaveCount(1);
  expect(await ringback.history()).toMatchObject([{ event_type: "hello", signature: "missing" }]);
});

test.describe("a viewer", () => {
  test.use({ withAdmin: false });

  test("is not offered what only admins may do", async ({ ringback, desk, page }) => {
    await ringback.addUser("vic", ADMIN.password, "viewer");
    await desk.enter({ name: "vic", password: ADMIN.password });
    await expect(page.getByRole("heading", { name: "No callback has arrived yet" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Send a test callback" })).toHaveCount(0);
  });
});
