import { type BrowserContext, type ConsoleMessage, test as base, expect } from "@playwright/test";
import type { Database } from "./database";
import { Desk } from "./desk";
import { Ringback } from "./ringback";

export { expect };

export const ADMIN = { name: "ada", password: "correct horse battery" };

/** What a project chooses. */
export interface Options {
  database: Database;
}

interface Fixtures {
  /** The server; it has the user {@link ADMIN} unless `withAdmin` is false. */
  ringback: Ringback;
  withAdmin: boolean;
  /** Further variables of the server's environment. */
  serverEnvironment: Record<string, string>;
  /** The app as a person uses it. */
  desk: Desk;
  /** The errors that a test provokes on purpose: a pattern for the text in the console or of the error. */
  expectedErrors: RegExp | null;
  failOnErrors: void;
}

/** The browser itself reports the 401 by which the app learns that nobody is signed in. */
function isSignInProbe(message: ConsoleMessage): boolean {
  return /status of 401/.test(message.text()) && new URL(message.location().url).pathname === "/api/session";
}

function collectErrors(context: BrowserContext, expected: RegExp | null): string[] {
  const errors: string[] = [];
  context.on("console", (message) => {
    if (message.type() !== "error" || isSignInProbe(message)) return;
    if (expected?.test(message.text())) return;
    errors.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => {
    const text = String(error.error());
    if (!expected?.test(text)) errors.push(text);
  });
  return errors;
}

export const test = base.extend<Fixtures & Options>({
  database: ["sqlite", { option: true }],
  withAdmin: [true, { option: true }],
  serverEnvironment: [{}, { option: true }],

  ringback: async ({ database, withAdmin, serverEnvironment }, use) => {
    const ringback = await Ringback.start(database, serverEnvironment);
    try {
      if (withAdmin) await ringback.addUser(ADMIN.name, ADMIN.password);
      await use(ringback);
    } finally {
      await ringback.stop();
    }
  },

  baseURL: async ({ ringback }, use) => use(ringback.url),

  desk: async ({ page }, use) => use(new Desk(page)),

  expectedErrors: [null, { option: true }],

  failOnErrors: [
    async ({ context, expectedErrors }, use) => {
      const errors = collectErrors(context, expectedErrors);
      // What the policy forbids is an error like any other.
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`the page broke its policy ${event.effectiveDirective}: ${event.blockedURI}`);
        });
      });
      await use();
      expect(errors, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});
