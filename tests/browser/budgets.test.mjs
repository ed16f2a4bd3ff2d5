// Objectives and products, with made-up answers: which promise is in danger, and all about one.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, lineDrawn, open, picture } from "./browser.mjs";
import { budgets } from "./budgets.mjs";
import { at, browser, testLooks, testNumbers } from "./session.mjs";

/** A page, what stands on it, and its name in both languages, where it is not that of what is shown. */
const pages = {
  slos: { path: "slos", there: ".objective", title: { "en-US": "SLOs", "zh-CN": "SLO" } },
  slo: { path: "slos?id=checkout-api-availability-0", there: ".tiles", drawn: true },
  products: { path: "products", there: ".objective", title: { "en-US": "Products", "zh-CN": "产品" } },
  product: { path: "products?name=product-0", there: ".ledger", drawn: true },
  gates: { path: "gates", there: ".objective", title: { "en-US": "Gates", "zh-CN": "门禁" } },
  gate: { path: "gates?id=checkout-prod", there: ".decisions" },
};

for (const [name, { title, ...page }] of Object.entries(pages))
  testLooks(name, {
    ...page,
    options: () => ({ routes: budgets(12) }),
    check: async (page, language) => {
      if (title !== undefined) assert.equal(await page.locator("h1").innerText(), title[language]);
      const current = page.locator("header nav [aria-current=page]");
      assert.equal(await current.innerText(), pages.slos.title[language]);
    },
  });

for (const name of ["slos", "products", "gates"]) testNumbers(name, { there: ".objective", routesOf: budgets });

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

test("a query that fails is told of with its time, its error and what to do", async () => {
  const { page, close } = await open(browser, at("slos?id=settlement-availability-7"), { routes: budgets(12) });
  await page.locator(".failure").waitFor();
  const said = await page.locator(".failure").innerText();
  for (const one of [/Nothing is counted of it since\s+20\d\d-/, /max\(lag\)/, /many-to-many/, /asked again/])
    assert.match(said, one);
  const asked = await page.getByRole("link", { name: "Ask it" }).getAttribute("href");
  assert.match(asked, /g0\.expr=max%28lag%29.*end=20/);
  await page.goto(at("slos"));
  await page.locator(".objective", { hasText: "query fails" }).first().waitFor();
  assert.equal(await page.locator(".objective", { hasText: "query fails" }).count(), 4);
  await page.goto(at("slos?id=checkout-api-availability-0"));
  await page.locator(".uncounted summary").click();
  assert.match(await page.locator(".uncounted").innerText(), /1.?235[\s\S]*and 1.?234 more/);
  assert.equal(await page.locator(".failure").count(), 0);
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
  for (const said of [
    /payment-events 4f2c9e1 · rolled back/,
    /Incident: Orders are accepted, 4 Nov 09:30, 1 d .* · 24\.3 % of the budget/,
    /99\.5 % → 99\.9 %/,
  ])
    assert.match(table, said);
  await close();
});

test("where a budget goes at this pace is drawn beyond now, between the best and the worst", async () => {
  const { page, close } = await open(browser, at("slos?id=orders-db-availability-6"), { routes: budgets(12) });
  await page.locator(".burndown .key.forecast").waitFor();
  await page.locator(".burndown .sign.between").waitFor();
  const plot = await page.locator(".chart .u-over").boundingBox();
  await page.mouse.move(plot.x + plot.width - 4, plot.y + plot.height / 2);
  for (const said of ["at this pace", "at best", "at worst"])
    await page.locator(".tip .name", { hasText: said }).waitFor();
  await close();
});

test("what a policy asks for and did is said, and whom it could not reach", async () => {
  const { page, close } = await open(browser, at("products?name=product-0"), { routes: budgets(3) });
  await page.locator(".actions li").nth(6).waitFor();
  const shown = await page.locator(".actions li").allInnerTexts();
  assert.equal(shown.length, 7, String(shown));
  for (const [i, said] of [
    [0, /^write a post-mortem/i],
    [1, /Frozen\s+GitLab gitlab\.example\.com shop\/api/],
    [2, /Not frozen.*shop\/<b>web.*403 Forbidden/s],
    [3, /To be frozen.*shop\/soon/s],
    [4, /Critical\s+entered.*Delivered/s],
    [5, /Exhausted\s+left/],
    [6, /Failed.*550 no such mailbox/s],
  ])
    assert.match(shown[i], said);
  await close();
});

test("conditions stand in words with their formulas beneath, and incidents have names", async () => {
  for (const [path, there, said] of [
    [
      "products?name=product-0",
      ".facts",
      [
        /at most 25 % of the error budget is left \(left: 18 %\)\s+remaining <= 25% \(remaining = 18%\)/,
        /nothing of the error budget is left\s+remaining <= 0%/,
        /for 12 hours without a pause, more than 30 %/,
      ],
    ],
    ["products?name=product-0", ".ledger", [/Incident Orders are accepted, 4 Nov 09:30, 1 d/]],
    ["slos?id=checkout-api-availability-0", ".ledger", [/Incident Orders are accepted, 17 Nov 09:30, 2 h 30 min/]],
    [
      "gates?id=checkout-prod",
      ".facts",
      // What has no sentence stays a formula.
      [/the policy's state is critical\s+policy\.state == 'critical'/, /burn\(10m\) > 10 and burn\(30m\) > 10/],
    ],
  ]) {
    const { page, close } = await open(browser, at(path), { routes: budgets(3) });
    await page.locator(there).first().waitFor();
    const shown = await page.locator(there).first().innerText();
    for (const one of said) assert.match(shown, one);
    await close();
  }
});

test("an objective that a product leans on says how its ledger has it", async () => {
  const said = /checkout leans on payment-events: the ledger of checkout has all of this as upstream/;
  for (const [id, isSaid] of [
    ["payment-events-availability-5", true],
    ["checkout-api-availability-0", false],
  ]) {
    const { page, close } = await open(browser, at(`slos?id=${id}`), { routes: budgets(6) });
    await page.locator(".ledger").waitFor();
    assert.equal(await page.getByText(said).count(), isSaid ? 1 : 0, id);
    await close();
  }
});

test("a gate and a product are asked in the reader's language", async () => {
  for (const [language, lang] of [
    ["en-US", "en"],
    ["zh-CN", "zh-CN"],
  ]) {
    for (const [path, there] of [
      ["gates", ".objective"],
      ["gates?id=checkout-prod", ".decisions"],
      ["products?name=product-0", ".ledger"],
    ]) {
      const { page, close } = await open(browser, at("status"), { language, routes: budgets(3) });
      const asked = [];
      page.on("request", request => {
        const { pathname, searchParams } = new URL(request.url());
        if (/\/api\/v1\/(gates|products\/[^/]+(\/ledger)?$)/.test(pathname)) asked.push(searchParams.get("lang"));
      });
      await page.goto(at(path));
      await page.locator(there).first().waitFor();
      assert.ok(asked.length > 0 && asked.every(one => one === lang), `${path}: ${asked}`);
      await close();
    }
  }
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
    const routes = { ...budgets(3), "**/api/v1/gates/*": failing, "**/api/v1/gates/*/evaluations*": failing };
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
