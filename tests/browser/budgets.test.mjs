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
  product: { path: "products?name=product-0", there: ".ledger", drawn: true },
  gates: { path: "gates", there: ".objective", title: { "en-US": "Gates", "zh-CN": "门禁" } },
  gate: { path: "gates?id=checkout-prod", there: ".decisions" },
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

for (const name of ["slos", "products", "gates"]) {
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

test("a burn-down says what happened where it is pointed at, and as a table", async () => {
  const { page, close } = await open(browser, at("products?name=product-0"), { routes: budgets(3) });
  await lineDrawn(page);
  for (const [kind, n] of [
    ["deployment", 4],
    ["incident", 1],
    ["exclusion", 1],
    ["objective", 1],
  ])
    assert.equal(await page.locator(`.marks .${kind}`).count(), n, kind);
  const [tick, plot] = [page.locator(".marks .deployment").first(), page.locator(".chart .u-over")];
  const { x } = await tick.boundingBox();
  const { y, height } = await plot.boundingBox();
  await page.mouse.move(x, y + height / 2);
  await page.locator(".tip .happened.deployment").waitFor();
  assert.match(await page.locator(".tip").innerText(), /checkout-api 4f2c9e0 · li\.wei · succeeded/);
  await page.locator(".as-table summary").click();
  const table = await page.locator(".as-table").innerText();
  for (const said of ["payment-events 4f2c9e1 · rolled back", "Incident: 24.3 % of the budget", "99.5 % → 99.9 %"])
    assert.ok(table.includes(said), said);
  await close();
});

test("where a budget goes at this pace is drawn beyond now", async () => {
  const { page, close } = await open(browser, at("slos?id=orders-db-availability-6"), { routes: budgets(12) });
  await page.locator(".burndown .key.forecast").waitFor();
  await close();
});

test("the ledger makes up the whole, and only addresses of the web are links", async () => {
  const { page, close } = await open(browser, at("products?name=product-0"), { routes: budgets(3) });
  await page.locator(".ledger tbody tr").nth(5).waitFor();
  const shares = await page.locator(".ledger tbody .bar-of").allInnerTexts();
  const sum = shares.map(text => Number.parseFloat(text)).reduce((a, b) => a + b, 0);
  assert.equal(Math.round(sum), 100, String(shares));
  const addresses = await page.locator("main a").evaluateAll(links => links.map(({ href }) => href));
  assert.ok(addresses.some(address => address.startsWith("https://gitlab.example.com/")));
  assert.deepEqual(
    addresses.filter(address => !/^https?:/.test(address)),
    [],
  );
  await close();
});

test("a gate is overridden with a reason, and a refusal is said", async () => {
  const words = [];
  const answers = [
    {
      status: 403,
      json: { status: "error", errorType: "forbidden", error: "gate checkout-prod is overridden by operators" },
    },
    { json: { status: "success", data: { id: "o9" } } },
  ];
  const overrides = route => {
    words.push(route.request().postDataJSON());
    return route.fulfill(answers[words.length - 1]);
  };
  const routes = { ...budgets(12), "**/api/v1/gates/*/overrides": overrides };
  const { page, close } = await open(browser, at("gates?id=checkout-prod"), { routes, allow: /403/ });
  await page.getByRole("button", { name: "Override" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Override" }).isDisabled());
  await page.keyboard.type("the fair opens");
  await dialog.getByLabel("Version").fill("4f2c9e1");
  await dialog.getByLabel("By").fill("li.wei");
  await dialog.getByRole("button", { name: "1 hour" }).click();
  await assertAccessible(page);
  await dialog.getByLabel("Reason").press("Enter");
  await dialog.locator(".failure").waitFor();
  assert.match(await dialog.locator(".failure").innerText(), /overridden by operators/);
  await dialog.getByRole("button", { name: "Override" }).click();
  await page.getByText("Overridden for 1 hour.").waitFor();
  const want = { service: "", version: "4f2c9e1", reason: "the fair opens", by: "li.wei", role: "engineering" };
  assert.deepEqual(
    words,
    [1, 2].map(() => ({ ...want, expires_in: "3600s" })),
  );
  await close();
});

test("the line that a pipeline asks with quotes what a shell would take apart", async () => {
  const { page, close } = await open(browser, at("gates?id=checkout-prod"), { routes: budgets(3) });
  await page.getByRole("button", { name: "Shell" }).click();
  const line = await page.locator(".asking .source").innerText();
  assert.equal(
    line.trim(),
    "narthex gate check checkout-prod --service checkout-api --version VERSION --change feature",
  );
  await page.getByRole("button", { name: "Jenkins" }).click();
  assert.match(await page.locator(".asking .source").innerText(), /stage\('Budget gate'\)/);
  await close();
});

test("a gate that is not there, and one that cannot be read, say so", async () => {
  const answer = (status, errorType, error) => route =>
    route.fulfill({ status, json: { status: "error", errorType, error } });
  for (const [status, shown, said] of [
    [404, ".empty", /no gate called nobody/],
    [500, ".failure", /The gate could not be read\ncannot read/],
  ]) {
    const failing = answer(status, "internal", "cannot read");
    const routes = { ...budgets(3), "**/api/v1/gates/*": failing, "**/api/v1/gates/*/evaluations": failing };
    const { page, close } = await open(browser, at("gates?id=nobody"), { routes, allow: new RegExp(`${status}`) });
    await page.locator(shown).waitFor();
    assert.match(await page.locator(shown).innerText(), said);
    await close();
  }
});

test("the search finds products and gates by keyboard alone", async () => {
  for (const [typed, address] of [
    ["checkout-prod", /gates\?.*id=checkout-prod/],
    ["product-2", /products\?.*name=product-2/],
  ]) {
    const { page, close } = await open(browser, at("slos"), { routes: budgets(12) });
    await page.locator(".objective").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(typed);
    await page.locator("#found-0 .what", { hasText: typed }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(address);
    await close();
  }
});
