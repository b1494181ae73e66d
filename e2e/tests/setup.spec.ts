import { ADMIN, expect, test } from "../support/fixtures";

test.describe("a new Ringback", () => {
  test.use({ withAdmin: false });

  test("lets the first admin in through the set-up link", async ({ ringback, desk, page }) => {
    expect(ringback.setUpLink).toBeTruthy();
    await desk.open(ringback.setUpLink);
    await desk.setUp(ADMIN);
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
    await expect(page).not.toHaveURL(/token=/);

    await page.getByRole("button", { name: "Sign out" }).click();
    await desk.signIn(ADMIN);
    await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  });

  test.describe("with a link that is not good", () => {
    test.use({ expectedErrors: /status of 403/ });

    test("creates nobody for a guessed one", async ({ desk, page }) => {
      await desk.open("/setup?token=guessed");
      await desk.setUp(ADMIN);
      await expect(page.getByRole("alert")).toBeVisible();
      await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
    });

    test("creates nobody for one that was used", async ({ ringback, desk, page }) => {
      await desk.open(ringback.setUpLink);
      await desk.setUp(ADMIN);
      await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
      // Nothing is on its way any more that would be refused without the cookie.
      await desk.expectConnection("Live");
      await page.context().clearCookies();

      await page.goto(ringback.setUpLink!);
      await desk.setUp({ name: "mallory", password: "as good as any other" });
      await expect(page.getByRole("alert")).toBeVisible();
      await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
    });
  });

  test("prints no set-up link once there is a user", async ({ ringback }) => {
    await ringback.addUser(ADMIN.name, ADMIN.password);
    await ringback.halt();
    await ringback.serve();
    expect(ringback.setUpLink).toBeUndefined();
  });
});

test.describe("signing in", () => {
  test.use({ expectedErrors: /status of 401/ });

  test("says so when the password is wrong", async ({ desk, page }) => {
    await desk.open();
    await desk.fillIn({ ...ADMIN, password: "not the password" });
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  });
});

test("a session survives a reload and ends on signing out", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await page.reload();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});
