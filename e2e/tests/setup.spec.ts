import { ADMIN, expect, test } from "../support/fixtures";

test.describe("a new Ringback", () => {
  test.use({ withAdmin: false });

  test("lets the first admin in through the set-up link, once", async ({ ringback, desk, page }) => {
    const link = ringback.setUpLink;
    expect(link).toBeTruthy();
    await desk.open(link);
    await page.getByLabel("Name").fill(ADMIN.name);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Create admin" }).click();
    await expect(page.getByRole("navigation")).toBeVisible();
    await expect(page).not.toHaveURL(/token=/);

    await page.context().clearCookies();
    await page.goto(link!);
    await expect(page.getByRole("button", { name: "Create admin" })).toBeHidden();
    await page.goto("/");
    await desk.signIn(ADMIN);
    await expect(page.getByRole("navigation")).toBeVisible();
  });

  test.describe("with a wrong link", () => {
    test.use({ expectedErrors: [/status of 403/] });

    test("creates nobody", async ({ desk, page }) => {
      await desk.open("/setup?token=guessed");
      await page.getByLabel("Name").fill(ADMIN.name);
      await page.getByLabel("Password").fill(ADMIN.password);
      await page.getByRole("button", { name: "Create admin" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
      await expect(page.getByRole("navigation")).toBeHidden();
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
  test.use({ expectedErrors: [/status of 401/] });

  test("says so when the password is wrong", async ({ desk, page }) => {
    await desk.open();
    await page.getByLabel("Name").fill(ADMIN.name);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  });
});

test("a session survives a reload and ends on signing out", async ({ desk, page }) => {
  await desk.enter(ADMIN);
  await page.reload();
  await expect(page.getByRole("navigation")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});
