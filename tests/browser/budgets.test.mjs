// Objectives and products, with made-up answers: which promise is in danger, and all about one.

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, launch, lineDrawn, open, picture } from "./browser.mjs";
import { budgets } from "./budgets.mjs";
import { startServer } from "./server.mjs";

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = path => server.url + path;

/** A page, what stands on it, and its name in both languages, where it is not that of what is shown. */
const pages = {
  slos: { path: "slos", there: ".objective", title: { "en-US": "SLOs", "zh-CN": "SLO" } },
  slo: { path: "slos?id=checkout-api-availability-0", there: ".tiles", drawn: true },
  products: { path: "products", there: ".objective", title: { "en-US": "Products", "zh-CN": "产品" } },
  product: { path: "products?name=product-0", there: ".tiles" },
};

for (const [name, { path, there, title, drawn }] of Object.entries(pages)) {
  for (const theme of ["light", "dark"]) {
    for (const language of ["en-US", "zh-CN"]) {
      test(`${name}, ${theme}, ${language}`, async () => {
        const { page, close } = await open(browser, at(path), { theme, language, routes: budgets(12) });
        await page.locator(there).first().waitFor();
        if (drawn) await lineDrawn(page);
        if (title !== undefined) assert.equal(await page.locator("h1").innerText(), title[language]);
        assert.equal(await page.locator("header nav [aria-current=page]").innerText(), pages.slos.title[language]);
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

for (const name of ["slos", "products"]) {
  test(`${name}: none, one and 500`, async () => {
    for (const [n, shown] of [
      [0, ".empty .why"],
      [1, ".objective"],
      [500, ".objective"],
    ]) {
      const { page, close } = await open(browser, at(name), { routes: budgets(n) });
      await page.locator(shown).first().waitFor();
      await assertAccessible(page);
      await picture(page, `${name}-${n}`);
      await page.setViewportSize({ width: 360, height: 740 });
      await assertNoSidewaysScroll(page);
      await close();
    }
  });
}

test("what is worst is first, and the states filter", async () => {
  const { page, close } = await open(browser, at("slos"), { routes: budgets(12) });
  await page.locator(".objective").first().waitFor();
  assert.equal(await page.locator(".objective .state").first().innerText(), "■\nExhausted");
  await page.getByRole("button", { name: /^Caution/ }).click();
  await page.waitForURL(/state=caution/);
  const states = await page.locator(".objective .state").allInnerTexts();
  assert.ok(states.length > 0 && states.every(state => state.endsWith("Caution")), String(states));
  await page.getByRole("searchbox").fill("nobody has this name");
  await page.locator(".empty .why").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.locator(".objective").nth(11).waitFor();
  await close();
});

test("documents that could not be read are named, and keep nobody from being shown", async () => {
  const { page, close } = await open(browser, at("slos"), { routes: budgets(3, 2) });
  await page.locator(".spec-errors li").nth(1).waitFor();
  assert.match(await page.locator(".spec-errors").innerText(), /slo\/team-0\.yml:12:7/);
  assert.equal(await page.locator(".objective").count(), 3);
  await close();
});

test("an objective that is not there says so", async () => {
  const options = { routes: budgets(3), allow: /404/ };
  const { page, close } = await open(browser, at("slos?id=nobody"), options);
  await page.locator(".empty .why").waitFor();
  assert.match(await page.locator(".empty").innerText(), /no objective called nobody/);
  await close();
});

test("a name of 300 characters and one with markup stay text and within the page", async () => {
  const { page, close } = await open(browser, at("slos"), { routes: budgets(3) });
  await page.locator(".objective a").nth(1).waitFor();
  for (const i of [0, 1, 2]) {
    await page.locator(".objective a").nth(i).click();
    await page.locator(".tiles").waitFor();
    await assertNoSidewaysScroll(page);
    await page.goBack();
    await page.locator(".objective a").nth(2).waitFor();
  }
  await close();
});

test("the first page has the products by what is left", async () => {
  for (const width of [1440, 360]) {
    const { page, close } = await open(browser, at("?range=1m"), { width, routes: budgets(9) });
    await page.locator(".home .objective").nth(2).waitFor();
    await assertNoSidewaysScroll(page);
    await assertAccessible(page);
    await picture(page, `home-budgets-${width}`);
    await close();
  }
});
