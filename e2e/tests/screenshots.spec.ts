import { ADMIN, expect, test } from "../support/fixtures";
import { sign } from "../support/signing";

// Not a test: `just screenshots` makes the pictures of the documentation with it.
const REPORT = JSON.stringify({
  event_type: "batch.completed",
  job_id: "batch_6f2c90aa",
  workflow: "nightly-report",
  created_at: "2026-11-23T02:14:07Z",
  data: { requests: { total: 4200, completed: 4197, failed: 3 }, output_file: "file_88d1", tokens: 12_345_678_901 },
});

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
      await ringback.send("--scenario", "demo", "--seed", "1");
      await desk.poll();
      await desk.notifications.getByRole("button", { name: "Dismiss" }).click();
      await ringback.deliver(sign(REPORT, { id: "msg_nightly_report" }));
      await desk.poll();
      await expect(desk.toasts("msg_nightly_report")).toHaveCount(1);
      await picture("callbacks");
      await desk.viewFromToast("msg_nightly_report");
      await picture("detail");
      await page.setViewportSize({ width: 390, height: 844 });
      await picture("detail-narrow");
    });
  });
}
