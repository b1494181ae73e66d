import type { Page } from "@playwright/test";

/** Keeps hold of WebAssembly's memory, which the browser counts in no heap. */
export async function noteMemory(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { instantiate, instantiateStreaming } = WebAssembly;
    const note = <T extends WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource>(made: T): T => {
      const { exports } = made instanceof WebAssembly.Instance ? made : made.instance;
      Object.assign(globalThis, { appMemory: exports.memory });
      return made;
    };
    Object.assign(WebAssembly, {
      instantiate: async (...asked: Parameters<typeof instantiate>) => note(await instantiate(...asked)),
      instantiateStreaming: async (...asked: Parameters<typeof instantiateStreaming>) =>
        note(await instantiateStreaming(...asked)),
    });
  });
}

/** The bytes that the app's program has of memory, which it never gives back. */
export async function programMemory(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { appMemory: WebAssembly.Memory }).appMemory.buffer.byteLength);
}
