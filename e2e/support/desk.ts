import { expect, type Locator, type Page, type Request } from "@playwright/test";

/** The poller's interval with its jitter. */
const POLL_MS = 11_000;

/** The app by the names that a person reads, in one place for all the stories. */
export class Desk {
  private readonly underWay = new Set<Request>();

  constructor(readonly page: Page) {
    page.on("request", (request) => {
      // The stream is answered as long as the page is there.
      if (request.resourceType() !== "eventsource") this.underWay.add(request);
    });
    page.on("requestfinished", (request) => this.underWay.delete(request));
    page.on("requestfailed", (request) => this.underWay.delete(request));
  }

  /** Opens a page of the app with a clock that tests can push. */
  async open(path = "/"): Promise<void> {
    await this.page.clock.install();
    await this.page.goto(path);
  }

  /** Fills in the form and waits until the feed has its first position: from here on nothing is missed. */
  async signIn({ name, password }: { name: string; password: string }): Promise<void> {
    const firstCheck = this.nextCheck();
    await this.fillIn({ name, password });
    await this.page.getByRole("button", { name: "Sign in" }).click();
    await firstCheck;
    // An answer that has come is not yet one that was read.
    await expect.poll(() => this.page.evaluate(() => localStorage.getItem("ringback.v1.cursor"))).toBeTruthy();
  }

  /** Fills in name and password, for signing in or setting up. */
  async fillIn({ name, password }: { name: string; password: string }): Promise<void> {
    await this.page.getByLabel("Name", { exact: true }).fill(name);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
  }

  /** Makes the first admin on the page that the set-up link leads to. */
  async setUp(admin: { name: string; password: string }): Promise<void> {
    await this.fillIn(admin);
    await this.page.getByRole("button", { name: "Create account" }).click();
  }

  /** Opens the app and signs in. */
  async enter(admin: { name: string; password: string }, path = "/"): Promise<void> {
    await this.open(path);
    await this.signIn(admin);
  }

  /** Waits until the feed has caught up with the stream: from here on the app asks at its interval only. */
  async settle(): Promise<void> {
    await this.expectConnection("Live");
    await this.expectNothingUnderWay();
  }

  /** No time passes by itself from here on. */
  async stopTime(): Promise<void> {
    await this.page.clock.pauseAt(await this.page.evaluate(() => Date.now() + 1_000));
  }

  /** Counts the requests whose address has one of these in it, from now on. */
  countRequests(...parts: string[]): () => number {
    let count = 0;
    this.page.on("request", (request) => {
      if (parts.some((part) => request.url().includes(part))) count += 1;
    });
    return () => count;
  }

  /** Writes down each toast that appears from here on; answers what they named, in their order. */
  async noteToasts(): Promise<() => Promise<string[]>> {
    await this.notifications.getByRole("list").evaluate((list) => {
      const noted: string[] = [];
      (window as { noted?: string[] }).noted = noted;
      new MutationObserver((changes) => {
        for (const node of changes.flatMap((change) => [...change.addedNodes])) {
          const named = node instanceof HTMLElement && /evt_\w+/.exec(node.innerText);
          if (named) noted.push(named[0]);
        }
      }).observe(list, { childList: true });
    });
    return () => this.page.evaluate(() => (window as { noted?: string[] }).noted ?? []);
  }

  /** Resolves when the app has asked for news and been answered. */
  async nextCheck(): Promise<void> {
    await this.page.waitForResponse((answer) => new URL(answer.url()).pathname === "/api/admin/llm-callbacks/check");
  }

  /**
   * Lets time pass at once for the page. Not while it waits for an answer: the server's time does
   * not pass, and the page would take it for dead.
   */
  async pass(time: number | string): Promise<void> {
    await this.expectNothingUnderWay();
    await this.page.clock.fastForward(time);
  }

  async expectNothingUnderWay(): Promise<void> {
    await expect.poll(() => this.underWay.size, "requests without an answer").toBe(0);
  }

  /** Lets the time until the next poll pass, and waits for its answer. */
  async poll(time: number | string = POLL_MS): Promise<void> {
    const check = this.nextCheck();
    await this.pass(time);
    await check;
  }

  /** Asks for news by the button, which takes no time. */
  async checkNow(): Promise<void> {
    const check = this.nextCheck();
    await this.page.getByRole("button", { name: "Check now" }).click();
    await check;
  }

  /** The count of callbacks that nobody has opened, as the tab shows it. */
  async tabCount(): Promise<string> {
    const tab = await this.page.getByRole("link", { name: /^Callbacks/ }).innerText();
    return tab.replace(/^Callbacks\s*/, "").replace(/\s*not viewed$/, "").trim();
  }

  /** Waits until the header tells this of the connection. */
  async expectConnection(word: string | RegExp): Promise<void> {
    await expect(this.page.getByRole("group", { name: "Connection" })).toHaveText(word);
  }

  /** Puts the tab in front or in the back, as far as the page can tell. */
  async setVisible(visible: boolean): Promise<void> {
    await this.page.evaluate((visible) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => !visible });
      Object.defineProperty(document, "visibilityState", {
        configurable: true,
        get: () => (visible ? "visible" : "hidden"),
      });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, visible);
  }

  /** Takes the network away or gives it back, as far as the page can tell. */
  async setOnline(online: boolean): Promise<void> {
    await this.page.evaluate((online) => {
      Object.defineProperty(navigator, "onLine", { configurable: true, get: () => online });
      window.dispatchEvent(new Event(online ? "online" : "offline"));
    }, online);
  }

  /** The button of the notification centre. */
  get bell(): Locator {
    return this.page.getByRole("button", { name: /^Notification centre/ });
  }

  get notifications(): Locator {
    return this.page.getByRole("region", { name: "Notifications" });
  }

  /** Every toast that names the callback. */
  toasts(callbackId: string): Locator {
    return this.notifications.getByRole("listitem").filter({ hasText: callbackId });
  }

  get history(): Locator {
    return this.page.getByRole("table");
  }

  /** The lines of the history that name the callback. */
  rows(callbackId: string): Locator {
    return this.history.getByRole("row").filter({ hasText: callbackId });
  }

  /** The window of one callback. */
  window(callbackId: string): Locator {
    return this.page.getByRole("dialog", { name: `Callback ${callbackId}` });
  }

  /** Opens the callback's window from its toast. */
  async viewFromToast(callbackId: string): Promise<Locator> {
    await this.toasts(callbackId).getByRole("button", { name: "View details" }).click();
    await expect(this.window(callbackId)).toBeVisible();
    return this.window(callbackId);
  }

  /** Opens the callback's window from the history. */
  async viewFromHistory(callbackId: string): Promise<Locator> {
    await this.history.getByRole("link", { name: callbackId, exact: true }).click();
    await expect(this.window(callbackId)).toBeVisible();
    return this.window(callbackId);
  }

  /** The lines of the body as the window's Raw view shows them. */
  async raw(window: Locator): Promise<string> {
    await window.getByRole("tab", { name: "Raw" }).click();
    return window.getByRole("tabpanel", { name: "Raw" }).getByLabel("Payload", { exact: true }).innerText();
  }

  /** Takes the toast of a callback away. */
  async dismiss(callbackId: string): Promise<void> {
    await this.toasts(callbackId).getByRole("button", { name: "Dismiss" }).click();
    await expect(this.toasts(callbackId)).toHaveCount(0);
  }

  /** The field of a filter. */
  filter(label: string): Locator {
    const filters = this.page.getByRole("region", { name: "Filters" });
    const named = { name: label, exact: true };
    return filters.getByRole("searchbox", named).or(filters.getByRole("combobox", named));
  }
}
