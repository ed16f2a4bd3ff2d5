// The query page: a person asks something, looks closer, shares it, makes a mistake, gives up on a slow answer.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { hostile, longLabel, madeUp } from "./answers.mjs";
import { assertAccessible, assertNoSidewaysScroll, lineDrawn, open, picture } from "./browser.mjs";
import { at, browser, server } from "./session.mjs";

/** Where a plot is once it stands still. */
async function plotBox(page, nth = 0) {
  const plot = page.locator(".u-over").nth(nth);
  await plot.hover({ position: { x: 5, y: 5 } });
  return plot.boundingBox();
}

test("types a query with completion, sees the line, zooms, shares the link", async () => {
  // The stretch that is zoomed into ends two seconds ago, and something must be in it.
  await server.scraped(15);
  const { page, close } = await open(browser, at("query?range=2m"));
  await page.locator(".cm-content").click();
  await page.keyboard.type("scrape_samples_scr");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "scrape_samples_scraped" }).first().waitFor();
  await page.keyboard.press("Tab");
  await page.waitForFunction(() => document.querySelector(".cm-content").innerText === "scrape_samples_scraped");
  await page.keyboard.press("Enter");
  await lineDrawn(page);
  await page.waitForURL(/g0\.expr=scrape_samples_scraped/);

  const wide = page.url();
  const box = await plotBox(page);
  await page.mouse.move(box.x + box.width * 0.55, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.98, box.y + 60, { steps: 8 });
  await page.mouse.up();
  await page.waitForURL(/end=/);
  const zoomed = new URL(page.url());
  assert.match(zoomed.searchParams.get("range"), /^5[0-3]s/, "43 % of two minutes");
  await lineDrawn(page);

  const friend = await open(browser, page.url(), { language: "zh-CN", theme: "dark" });
  await lineDrawn(friend.page);
  await friend.page.locator(".cm-content", { hasText: /^scrape_samples_scraped$/ }).waitFor();
  await friend.close();

  await page.locator(".u-over").dblclick();
  await page.waitForURL(url => url.href === wide);
  await page.reload();
  await lineDrawn(page);
  await close();
});

test("opens Prometheus's links", async () => {
  const { page, close } = await open(
    browser,
    at("graph?g0.expr=up&g0.tab=1&g0.stacked=0&g0.range_input=30m&g1.expr=vector(1)"),
  );
  await page.locator(".values table").waitFor();
  const { pathname, searchParams } = new URL(page.url());
  assert.equal(pathname.endsWith("/query"), true);
  assert.deepEqual(Object.fromEntries(searchParams), {
    range: "30m",
    "g0.expr": "up",
    "g0.tab": "table",
    "g1.expr": "vector(1)",
  });
  await lineDrawn(page);
  await close();
});

test("keeps several panels, one crosshair", async () => {
  const { page, close } = await open(
    browser,
    at("query?range=2m&g0.expr=scrape_samples_scraped&g1.expr=scrape_duration_seconds"),
  );
  await lineDrawn(page, { nth: 0 });
  await lineDrawn(page, { nth: 1 });
  const box = await plotBox(page);
  await page.mouse.move(box.x + box.width * 0.9, box.y + 40);
  // Both legends read the same instant, and the tip is only where the pointer is.
  await page.waitForFunction(() => {
    const [first, second] = [...document.querySelectorAll("th.last")].map(head => head.textContent);
    return /\d\d:\d\d:\d\d/.test(first) && first === second && document.querySelectorAll(".tip").length === 1;
  });

  await page.getByRole("button", { name: "Duplicate" }).first().click();
  await page.locator(".panel").nth(2).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("g1.expr"), "scrape_samples_scraped");
  await page.getByRole("button", { name: "Remove" }).nth(1).click();
  await page.waitForFunction(() => document.querySelectorAll(".panel").length === 2);
  assert.equal(new URL(page.url()).searchParams.get("g1.expr"), "scrape_duration_seconds");
  await page.goBack();
  await page.locator(".panel").nth(2).waitFor();
  await close();
});

test("isolates series in the legend, and keeps that in the link", async () => {
  const { page, close } = await open(browser, at("query?g0.expr=x&refresh=off"), { routes: madeUp(3) });
  await lineDrawn(page);
  const rows = page.locator(".legend tbody tr");
  await rows.nth(1).click();
  await page.waitForURL(/g0\.only=/);
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll(".legend tbody tr")].map(row => row.classList.contains("off")).join() ===
      "true,false,true",
  );
  await rows.nth(2).click({ modifiers: ["Control"] });
  await page.waitForFunction(() => document.querySelectorAll(".legend tr.off").length === 1);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll(".legend tr.off").length === 1);
  await rows.nth(1).click();
  await rows.nth(1).click();
  await page.waitForFunction(() => document.querySelectorAll(".legend tr.off").length === 0);
  await close();
});

test("puts a mistake under its token, and mends it", async () => {
  const allow = /400 POST .*\/(query_range|parse_query)|status of 400/;
  const { page, close } = await open(browser, at("query?range=2m&g0.expr=sum(rat(scrape_samples_scraped%5B1m%5D))"), {
    allow,
  });
  await page.locator(".mistake-note").waitFor();
  assert.equal(await page.locator(".mistake").innerText(), "rat");
  assert.match(
    await page.locator(".mistake-note").innerText(),
    /unknown function with name "rat".*Did you mean rate\?/s,
  );
  // The caret stands under the token.
  await page.waitForFunction(() => {
    const left = selector => document.querySelector(selector)?.getBoundingClientRect().left;
    return Math.abs(left(".mistake") - left(".mistake-note .caret")) < 6;
  });
  await assertAccessible(page);
  await page.getByRole("button", { name: "Use it" }).click();
  await lineDrawn(page);
  await page.waitForURL(url => url.searchParams.get("g0.expr") === "sum(rate(scrape_samples_scraped[1m]))");
  await close();
});

test("says why nothing was found", async () => {
  const { page, close } = await open(
    browser,
    at("query?g0.expr=scrape_sample_scraped&g1.expr=up%7Bjob%3D%22nobody%22%7D"),
  );
  await page.getByRole("link", { name: "scrape_samples_scraped" }).waitFor();
  await page.getByText('no series of it has job="nobody"').waitFor();
  await close();
});

test("explains a query", async () => {
  const { page, close } = await open(
    browser,
    at("query?g0.tab=explain&g0.expr=sum%20by%20(job)%20(rate(up%5B5m%5D%20offset%201h))%20%2F%202"),
  );
  await page.locator(".tree").waitFor();
  assert.deepEqual(await page.locator(".tree .head").allInnerTexts(), [
    "… / 2",
    "sum by (job) (…)",
    "rate(…)",
    "up[5m] offset 1h",
    "2",
  ]);
  await assertAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  const deep = "max(sum by (job) (rate(scrape_samples_post_metric_relabeling_and_a_name_longer_than_a_phone[5m])))";
  await page.goto(at(`query?g0.tab=explain&g0.expr=${encodeURIComponent(deep)}`));
  await page.locator(".tree .head").nth(3).waitFor();
  await assertNoSidewaysScroll(page);
  await picture(page, "query-explain-360");
  await close();
});

test("formats", async () => {
  const { page, close } = await open(browser, at("query?range=2m&g0.expr=sum(up)by(job)"));
  await lineDrawn(page);
  await page.getByRole("button", { name: "Format" }).click();
  await page.waitForFunction(() => document.querySelector(".cm-content").innerText === "sum by (job) (up)");
  await close();
});

test("shows warnings", async () => {
  const routes = madeUp(1);
  const answer = routes["**/api/v1/query_range"];
  routes["**/api/v1/query_range"] = route =>
    answer({
      request: () => route.request(),
      fulfill: ({ json }) =>
        route.fulfill({ json: { ...json, warnings: ["results truncated"], infos: ["not a counter"] } }),
    });
  const { page, close } = await open(browser, at("query?g0.expr=x"), { routes });
  await page.getByText("results truncated").waitFor();
  await page.getByText("not a counter").waitFor();
  await close();
});

test("cancels a slow query, and keeps the old picture while it waits", async () => {
  const { page, close } = await open(browser, at("query?range=2m&refresh=off&g0.expr=scrape_samples_scraped"));
  await lineDrawn(page);
  await page.route("**/api/v1/query_range", () => {});
  const given = page.waitForEvent("requestfailed", request => request.url().endsWith("query_range"));
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator(".graph.stale canvas").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await given).failure().errorText, "net::ERR_ABORTED", "the request was given up");
  await page.getByText("Cancelled").waitFor();
  await page.locator(".graph canvas").waitFor();
  await close();
});

test("says what failed, and keeps the old picture", async () => {
  const { page, close } = await open(browser, at("query?range=2m&refresh=off&g0.expr=scrape_samples_scraped"), {
    allow: /503 POST .*query_range|status of 503/,
  });
  await lineDrawn(page);
  const refusal = { status: "error", errorType: "timeout", error: "query timed out in expression evaluation" };
  await page.route("**/api/v1/query_range", route => route.fulfill({ status: 503, json: refusal }));
  await page.keyboard.press(".");
  const failure = page.getByRole("alert");
  await failure.waitFor();
  assert.match(await failure.innerText(), /query timed out in expression evaluation.*--query\.timeout/s);
  await page.locator(".graph.stale canvas").waitFor();
  await picture(page, "query-failed");
  await page.unroute("**/api/v1/query_range");
  await page.getByRole("button", { name: "Try again" }).click();
  await failure.waitFor({ state: "detached" });
  await close();
});

for (const [n, width] of [
  [0, 1440],
  [1, 1024],
  [12, 1440],
  [500, 1440],
  [12, 360],
  [500, 360],
]) {
  test(`draws ${n} series at ${width} px`, async () => {
    const { page, close } = await open(browser, at("query?g0.expr=made_up"), { width, routes: madeUp(n) });
    if (n === 0) await page.getByText("The query found no series.").waitFor();
    else await lineDrawn(page, { least: 100 });
    if (n === 500) {
      await page.getByRole("button", { name: "Show all 500" }).click();
      await page.waitForFunction(() => document.querySelectorAll(".legend tbody tr").length === 500);
      await page.mouse.move(width * 0.6, 320);
    }
    await assertNoSidewaysScroll(page);
    if (n < 500) await assertAccessible(page);
    await picture(page, `query-${n}-series-${width}`);
    await close();
  });
}

test("loses no spike where samples are denser than pixels", async () => {
  const nPoints = 10_000;
  const routes = madeUp(1, { nPoints, valueAt: (_, i) => (i === 4321 ? 100 : 1) });
  const { page, close } = await open(browser, at("query?g0.expr=x&range=10000s&g0.step=1s&g0.y=zero"), { routes });
  await lineDrawn(page, { least: 400 });
  const top = await page.evaluate(() => {
    const canvas = document.querySelector(".chart canvas");
    const [x, y, z] = getComputedStyle(document.querySelector(".swatch path")).stroke.match(/\d+/g).map(Number);
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < width * height; at++) {
      const [r, g, b, a] = data.subarray(at * 4, at * 4 + 4);
      if (a > 90 && Math.abs(r - x) + Math.abs(g - y) + Math.abs(b - z) < 60) return Math.floor(at / width) / height;
    }
    return 1;
  });
  assert.ok(top < 0.2, `the spike reaches ${top} of the height from the top`);
  await close();
});

test("draws fifty series of ten thousand points without standing still", async t => {
  const routes = madeUp(50, { nPoints: 10_000 });
  const { page, close } = await open(browser, at("query?g0.expr=x&range=10000s&g0.step=1s&refresh=off"), { routes });
  await lineDrawn(page, { least: 400 });
  await page.evaluate(() => {
    window.longTasks = [];
    new PerformanceObserver(list => window.longTasks.push(...list.getEntries())).observe({ type: "longtask" });
  });
  // Another theme is a whole drawing without another answer.
  await page.emulateMedia({ colorScheme: "dark" });
  await lineDrawn(page, { least: 400 });
  const ms = await page.evaluate(() => Math.max(0, ...window.longTasks.map(task => task.duration)));
  t.diagnostic(`50 series of 10,000 points: the longest task took ${ms.toFixed(0)} ms`);
  // A person's machine needs a fraction of what a busy test machine does; many times that is a fault.
  assert.ok(ms < 20_000);
  await close();
});

test("takes text from targets as data", async () => {
  const labelsOf = () => ({ __name__: "made_up", path: longLabel, evil: hostile });
  for (const tab of ["graph", "table"]) {
    const { page, close } = await open(browser, at(`query?g0.expr=x&g0.tab=${tab}`), {
      width: 360,
      routes: madeUp(1, { labelsOf }),
    });
    await page.locator(".legend, .values table").first().waitFor();
    await page.getByText("broken into").first().waitFor();
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.doesNotMatch(await page.title(), /broken/);
    await assertNoSidewaysScroll(page);
    await picture(page, `query-long-label-${tab}-360`);
    await close();
  }
});
