import { readFile, writeFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { surplus } from "./layout";

const REPORT = "../docs/ACCESSIBILITY.md";
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDTHS = [1440, 320] as const;
const THEMES = ["light", "dark"] as const;

/** What axe does not do by itself, and drops without a word when the tags are lost on the way to it. */
const ASKED_FOR = "target-size";

/** One view as it was found in each theme at each width: `rules passed / violations / undecided`. */
interface Row {
  view: string;
  found: string[];
}

/** Looks at views in both themes, wide and narrow, and compares what it saw with the report. */
export class Scanner {
  private readonly rows: Row[] = [];
  private readonly violations: unknown[] = [];

  constructor(private readonly page: Page) {}

  /** Reads every element of the page as it is. */
  async scan(view: string): Promise<void> {
    const found: string[] = [];
    for (const width of WIDTHS) {
      await this.page.setViewportSize({ width, height: 800 });
      for (const colorScheme of THEMES) {
        // A colour that is on its way to another would be read as neither.
        await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const { passes, violations, incomplete, inapplicable } = await new AxeBuilder({ page: this.page })
          // Before the tags, which it would take away.
          .options({ resultTypes: ["violations"] })
          .withTags(TAGS)
          .setLegacyMode(true)
          .analyze();
        const ran = [passes, violations, incomplete, inapplicable].flat().map(({ id }) => id);
        expect(ran, "the rules that ran").toContain(ASKED_FOR);
        found.push(`${passes.length} / ${violations.length} / ${incomplete.length}`);
        for (const { id, help, nodes } of violations) {
          this.violations.push({ view, width, colorScheme, id, help, where: nodes.map((node) => node.html) });
        }
        await this.look(`${view} ${width} ${colorScheme}`);
      }
      const wider = await surplus(this.page);
      if (wider > 0) this.violations.push({ view, width, wider });
    }
    await this.page.setViewportSize({ width: WIDTHS[0], height: 800 });
    this.rows.push({ view, found });
  }

  /**
   * Nothing was wrong, and the report names the views of this part. RINGBACK_E2E_ACCESSIBILITY=write
   * writes that part of the report.
   */
  async finish(part: string): Promise<void> {
    expect(this.violations, "violations, and pixels that would have to be scrolled sideways").toEqual([]);
    const report = await readFile(REPORT, "utf8");
    const begin = report.indexOf(`### ${part}\n`);
    expect(begin, `${REPORT} has no part “${part}”`).toBeGreaterThanOrEqual(0);
    const end = report.indexOf("\n#", begin);
    const text = report.slice(begin, end < 0 ? undefined : end);
    if (process.env.RINGBACK_E2E_ACCESSIBILITY === "write") {
      const head = ["view", ...WIDTHS.flatMap((width) => THEMES.map((theme) => `${width} px, ${theme}`))];
      const lines = [head, head.map(() => "---"), ...this.rows.map(({ view, found }) => [view, ...found])];
      const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
      await writeFile(REPORT, report.replace(text, `### ${part}\n\n${table}\n`));
      return;
    }
    const named = [...text.matchAll(/^\| (?!view |---)(.+?) \|/gm)].map(([, view]) => view);
    expect(named, `the views in ${REPORT}`).toEqual(this.rows.map(({ view }) => view));
  }

  /** A picture for the documentation, when `just screenshots` asks for it. */
  private async look(name: string): Promise<void> {
    if (!process.env.RINGBACK_E2E_SCREENSHOTS) return;
    const path = `../docs/images/views/${name.toLowerCase().replaceAll(/[^\w]+/g, "-")}.jpg`;
    await this.page.screenshot({ path, type: "jpeg", quality: 60 });
  }
}
