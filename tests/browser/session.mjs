// The server and the browser of a file of tests, and what most of its pages are looked at for.

import { after, before, test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, launch, lineDrawn, open, picture } from "./browser.mjs";
import { startServer } from "./server.mjs";

export let server;
export let browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The address of a page. */
export const at = path => server.url + path;

/**
 * A page with made-up answers in both themes and languages, at a desk, on a small screen and on a phone: everybody can use it, and
 * it stays within the window. `there` is on it once it is there, with a line on a chart where it is `drawn`; `options` makes those
 * of `open`, and `check` looks at more of it.
 */
export function testLooks(name, { path = name, there, drawn = false, options, check = () => {} }) {
  for (const theme of ["light", "dark"]) {
    for (const language of ["en-US", "zh-CN"]) {
      test(`${name}, ${theme}, ${language}`, async () => {
        const { page, close } = await open(browser, at(path), { theme, language, ...options() });
        await page.locator(there).first().waitFor();
        if (drawn) await lineDrawn(page);
        await check(page, language);
        await assertAccessible(page);
        await picture(page, `${name}-1440-${theme}-${language}`);
        for (const width of [1024, 360]) {
          await page.setViewportSize({ width, height: 740 });
          await assertNoSidewaysScroll(page);
          await picture(page, `${name}-${width}-${theme}-${language}`);
        }
        await assertAccessible(page);
        await close();
      });
    }
  }
}

/** A list with nothing, one and many on it: it says why it is empty, and stays within the window. */
export function testNumbers(name, { there, routesOf }) {
  test(`${name}: none, one and 500`, async () => {
    for (const [n, shown] of [
      [0, ".empty .why"],
      [1, there],
      [500, there],
    ]) {
      const { page, close } = await open(browser, at(name), { routes: routesOf(n) });
      await page.locator(shown).first().waitFor();
      await assertAccessible(page);
      await picture(page, `${name}-${n}`);
      await page.setViewportSize({ width: 360, height: 740 });
      await assertNoSidewaysScroll(page);
      await close();
    }
  });
}
