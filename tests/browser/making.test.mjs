// Making an objective from a metric, trying another promise, and reports, with made-up answers.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { assertAccessible, assertNoSidewaysScroll, open } from "./browser.mjs";
import { budgets } from "./budgets.mjs";
import { until } from "./server.mjs";
import { at, browser, testLooks } from "./session.mjs";
import { drafts, making, reports } from "./trials.mjs";

// The later route is asked first.
const routesOf = (options, n = 6) => ({ ...budgets(n), ...reports, ...making(options) });
const metric = "view=new&metric=http_requests_total";

/** A page, what stands on it, and whether a line is drawn. */
const pages = {
  "new-slo": { path: "slos?view=new", there: "[role=option]" },
  "new-slo-ratio": { path: `slos?${metric}`, there: ".ladder", drawn: true },
  "new-slo-bucket": { path: `slos?${metric}&draft=http-requests-fast`, there: ".ladder", drawn: true },
  "new-slo-gauge": { path: `slos?${metric}&draft=orders-lag&window=1M`, there: ".ladder", drawn: true },
  "what-if": { path: "slos?id=checkout-api-availability-0&try=1&objective=99.99", there: ".beside" },
  report: { path: "reports?product=product-0&period=2026-Q3", there: "iframe" },
};

for (const [name, page] of Object.entries(pages)) {
  const options = () => ({ routes: routesOf(), allow: /script|Content Security Policy|^csp/ });
  testLooks(name, { ...page, options });
}

test("from the list to a file by keyboard alone", async () => {
  const asked = [];
  const { page, close } = await open(browser, at("slos"), { routes: routesOf({ asked }) });
  await page.getByRole("link", { name: "New SLO" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox").focus();
  await page.keyboard.type("seconds");
  await page.locator("[role=option]").filter({ hasText: "http_requests_total" }).waitFor({ state: "detached" });
  await page.keyboard.press("Backspace");
  for (let i = 0; i < 6; i++) await page.keyboard.press("Backspace");
  await page.keyboard.type("requests");
  await page.keyboard.press("Enter");
  await page.waitForURL(/metric=http_requests_total/);
  await page.locator(".ladder").waitFor();
  await page.getByRole("button", { name: "Choose: 99.5 %" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/objective=99\.5/);
  await page.locator(".ladder .chosen", { hasText: "99.5 %" }).waitFor();
  await page.getByLabel("Service").focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("orders");
  await until("the file names the service", async () => asked.at(-1).spec?.includes("service: orders\n"));
  assert.match(await page.locator(".file .source").innerText(), /targetPercent: 99\.5\n/);
  assert.match(await page.locator(".file").innerText(), /\/etc\/narthex\/slo\/\*\.yml/);
  await page.reload();
  await page.locator(".ladder .chosen", { hasText: "99.5 %" }).waitFor();
  assert.equal(await page.getByLabel("Service").inputValue(), "orders");
  await close();
});

test("the address of the manual leads to the page", async () => {
  const { page, close } = await open(browser, at("slos/new"), { routes: routesOf() });
  await page.waitForURL(/slos\?view=new/);
  await page.locator("[role=option]").first().waitFor();
  await close();
});

test("what is wrong with a field is said below it, and the picture from before stays", async () => {
  const refuse = ({ spec = "" }) => {
    const line = spec.split("\n").findIndex(one => one.includes("targetPercent: 100\n".trim())) + 1;
    return line > 0 ? `invalid parameter "spec": ${line}:20: 100 % leaves no budget` : null;
  };
  const options = { routes: routesOf({ refuse }), allow: /400/ };
  const { page, close } = await open(browser, at(`slos?${metric}`), options);
  await page.locator(".ladder").waitFor();
  await page.getByLabel("Objective, in percent").fill("100");
  await page.locator(".wrong", { hasText: "100 % leaves no budget" }).waitFor();
  assert.equal(await page.getByLabel("Objective, in percent").getAttribute("aria-invalid"), "true");
  await page.locator(".past .stale .ladder").waitFor();
  await page.getByLabel("Objective, in percent").fill("99");
  await page.locator(".wrong", { hasText: "leaves no budget" }).waitFor({ state: "detached" });
  await close();
});

test("another bucket changes the good events alone", async () => {
  const asked = [];
  const path = `slos?${metric}&draft=http-requests-fast`;
  const { page, close } = await open(browser, at(path), { routes: routesOf({ asked }) });
  await page.getByLabel("Good is up to").selectOption("1.0");
  await until("the bound is asked", async () => asked.at(-1).spec?.includes(`'http_seconds_bucket{le="1.0"}'`));
  assert.match(asked.at(-1).spec, /query: http_seconds_count\n/);
  await close();
});

test("how a file is taken up is said as the server takes it up", async () => {
  for (const [lifecycle, said] of [
    [true, /curl -X POST .*\/-\/reload/],
    [false, /kill -HUP \$\(pidof narthex\)/],
  ]) {
    const { page, close } = await open(browser, at(`slos?${metric}`), { routes: routesOf({ lifecycle }) });
    await page.locator(".file .example", { hasText: "narthex slo check" }).waitFor();
    assert.match(await page.locator(".file .example").last().innerText(), said);
    await close();
  }
});

test("only some series: values are quoted, whatever they are", async () => {
  const asked = [];
  const { page, close } = await open(browser, at(`slos?${metric}`), { routes: routesOf({ asked }) });
  const label = page.locator(".only label", { hasText: 'weird"label' }).locator("select");
  await label.selectOption({ index: 1 });
  await until("the match is asked", async () => asked.some(one => "match[]" in one));
  assert.equal(asked.find(one => "match[]" in one)["match[]"], String.raw`{"weird\"label"="a\"b\\c\n"}`);
  await page.locator(".ladder").waitFor();
  assert.equal(await label.inputValue(), 'a"b\\c\n');
  await close();
});

test("a metric that says nothing is written by hand; however fast it is typed, it stays as it was typed", async () => {
  const asked = [];
  const found = { asked, found: [], why: "A gauge without a bound: nobody knows what is good." };
  const { page, close } = await open(browser, at(`slos?${metric}`), { routes: routesOf(found) });
  await page.getByText("nobody knows what is good").waitFor();
  await page.getByText("Fill in what is empty, and the past is counted").waitFor();
  await page.getByText("Fill in what is empty, and it is written").waitFor();
  assert.equal(await page.locator(".drafts button[aria-pressed=true] b").innerText(), "By hand");
  await page.locator(".field .cm-content").first().click();
  await page.keyboard.type('http_requests_total{code="500"}');
  await page.getByLabel("Service").fill("checkout");
  await page.locator(".ladder").waitFor();
  assert.match(asked.at(-1).spec, /query: 'http_requests_total\{code="500"\}'\n/);
  await close();
});

test("nothing stored, and names that cannot be read", async () => {
  const none = await open(browser, at("slos?view=new"), { routes: routesOf({ metricsOf: [] }) });
  await none.page.getByText("Nothing is stored yet").waitFor();
  await assertAccessible(none.page);
  await none.close();
  const fail = route =>
    route.fulfill({ status: 500, json: { status: "error", errorType: "internal", error: "no disk" } });
  const routes = { ...routesOf(), "**/api/v1/label/__name__/values*": fail };
  const broken = await open(browser, at("slos?view=new"), { routes, allow: /500/ });
  await broken.page.locator(".failure", { hasText: "no disk" }).waitFor();
  await broken.close();
});

test("an empty list of objectives leads here", async () => {
  const { page, close } = await open(browser, at("slos"), { routes: routesOf({}, 0) });
  await page.locator(".empty", { hasText: "narthex slo new" }).waitFor();
  await page.locator(".empty").getByRole("link", { name: "New SLO" }).click();
  await page.locator("[role=option]").first().waitFor();
  await close();
});

test("a server from before says so", async () => {
  const missing = route => route.fulfill({ status: 404, contentType: "text/plain", body: "404 page not found\n" });
  const routes = { ...routesOf(), "**/api/v1/slos/whatif": missing };
  const options = { routes, allow: /404/ };
  const { page, close } = await open(browser, at("slos?id=checkout-api-availability-0&try=1"), options);
  await page.getByText("cannot try objectives over its past").waitFor();
  await close();
});

test("what if: beside today, and back to it", async () => {
  const asked = [];
  const options = { routes: routesOf({ asked }) };
  const { page, close } = await open(browser, at("slos?id=checkout-api-availability-0"), options);
  await page.locator(".tiles").waitFor();
  assert.equal(asked.length, 0, "nothing is tried before it is asked for");
  await page.getByText("What if another were promised").click();
  await page.locator(".trying .ladder").waitFor();
  assert.equal(await page.locator(".beside").count(), 0);
  await page.locator(".asking select").selectOption("7d");
  await page.locator(".beside", { hasText: "any 7 days" }).waitFor();
  assert.deepEqual(asked.at(-1), { id: "checkout-api-availability-0", window: "7d" });
  await page.getByRole("button", { name: "As today" }).click();
  await page.locator(".beside").waitFor({ state: "detached" });
  assert.doesNotMatch(page.url(), /window=/);
  await close();
});

test("a report: period, language, what it links to; and nothing in it runs", async () => {
  const options = { routes: routesOf(), allow: /script|Content Security Policy|^csp/ };
  const { page, close } = await open(browser, at("products?name=product-0"), options);
  await page.locator("a", { hasText: /^Report$/ }).click();
  const shown = page.frameLocator("iframe");
  await shown.getByRole("heading", { name: "product-0 28d en" }).waitFor();
  await page.getByRole("button", { name: "Year" }).click();
  await page.getByRole("button", { name: "The one before" }).click();
  await shown.getByRole("heading", { name: /product-0 20\d\d en/ }).waitFor();
  await page.getByRole("button", { name: "中文", exact: true }).click();
  await shown.getByRole("heading", { name: /zh-CN$/ }).waitFor();
  assert.equal(await shown.locator("base").getAttribute("target"), "_blank");
  assert.match(await page.getByRole("link", { name: "Picture" }).getAttribute("href"), /format=png$/);
  const before = (await page.locator("iframe").boundingBox()).height;
  await shown.getByText("Table").click();
  await until("the frame is as high as what it shows", async () => {
    return (await page.locator("iframe").boundingBox()).height > before + 300;
  });
  assert.doesNotMatch(await page.title(), /broken into/);
  assert.doesNotMatch(await page.locator("iframe").getAttribute("sandbox"), /scripts/);
  await close();
});

test("the choice of a period is what is shown, and schedules say to whom a report goes", async () => {
  const options = { routes: routesOf(), allow: /script|Content Security Policy|^csp/ };
  const { page, close } = await open(browser, at("reports?product=product-0&period=1d"), options);
  const chosen = () => page.locator(".period .choice [aria-pressed=true]").allTextContents();
  await page.frameLocator("iframe").getByRole("heading", { name: "product-0 1d en" }).waitFor();
  assert.deepEqual(await chosen(), ["1 day"]);
  await page.getByRole("button", { name: "28 days" }).click();
  await page.frameLocator("iframe").getByRole("heading", { name: "product-0 28d en" }).waitFor();
  assert.deepEqual(await chosen(), ["28 days"]);
  assert.equal(await page.getByRole("button", { name: "1 day", exact: true }).count(), 0);
  const mailed = page.locator(".mailed li");
  assert.match(
    await mailed.nth(0).textContent(),
    /each week.*2099-W48.*Mon 09:00, Asia\/Shanghai.*li\.wei@shop\.example.*and 1 more/,
  );
  assert.match(await mailed.nth(1).textContent(), /2099-Q3 was not sent: AUTH PLAIN: 535.*tried again/);
  await page.locator(".choosing select").selectOption({ index: 1 });
  await page.locator("p.mailed", { hasText: "Nobody gets this report by mail" }).waitFor();
  await close();
});

test("a report that is refused says why, and one of nobody, too", async () => {
  const options = { routes: routesOf(), allow: /400|script|Content Security Policy|^csp/ };
  const { page, close } = await open(browser, at("reports?product=product-0&period=2020"), options);
  await page.locator(".failure", { hasText: '"2020" is too old' }).waitFor();
  await page.goto(at("reports?product=nobody"));
  await page.locator(".empty", { hasText: "no product called nobody" }).waitFor();
  await close();
  const none = await open(browser, at("reports"), { routes: routesOf({}, 0) });
  await none.page.locator(".empty", { hasText: "No product yet" }).waitFor();
  await assertAccessible(none.page);
  await none.close();
});

test("hostile names stay text and within the page", async () => {
  const { page, close } = await open(browser, at("slos?view=new"), { width: 360, height: 740, routes: routesOf() });
  await page.locator("[role=option] .what", { hasText: "<img" }).click();
  await page.locator(".ladder").waitFor();
  await assertNoSidewaysScroll(page);
  assert.doesNotMatch(await page.title(), /broken into/);
  assert.equal(await page.locator(".drafts button").count(), drafts.length + 1);
  await close();
});
