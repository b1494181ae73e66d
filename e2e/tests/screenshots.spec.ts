import { ADMIN, expect, test } from "../support/fixtures";

// Not a test: `just screenshots` makes the pictures of the documentation with it.
const folder = "../docs/images";

test.use({ viewport: { width: 1280, height: 800 } });

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("pictures", async ({ ringback, desk, page }) => {
      const picture = (name: string) => page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` });
      await desk.open();
      await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
      await picture("sign-in");
      await desk.signIn(ADMIN);
      await ringback.send("--scenario", "demo");
      await desk.poll();
      await expect(desk.notifications.getByRole("listitem").first()).toBeVisible();
      await picture("history");
      await desk.notifications.getByRole("button", { name: "View details" }).first().click();
      await expect(page.getByRole("dialog").first()).toBeVisible();
      await picture("detail");
      await page.setViewportSize({ width: 390, height: 844 });
      await picture("detail-narrow");
    });
  });
}
