// T13: what others write is text on every page: nothing of it runs, becomes an element or an address, asks another host for
// something, or pushes the page out of its window.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { alerting } from "./alerting.mjs";
import { assertNoSidewaysScroll, open, picture } from "./browser.mjs";
import { hostileTexts, spoilt, spoiltAnswer, spoiltRoutes } from "./hostile.mjs";
import { at, browser, server } from "./session.mjs";

const nAlerts = 220;

/** A page, what stands on it once it is there, and what of it unfolds. */
const pages = {
  home: ["?range=1m", ".firing-now li", null],
  alerts: ["alerts", ".fired", ".instance .name"],
  rules: ["rules", ".rule", ".rule .name"],
  silences: ["silences", ".silence", ".silence button"],
  notifications: ["notifications", ".delivery", ".delivery .name"],
  targets: ["targets", ".target", ".target button.name"],
  "status-storage": ["status?section=storage", ".tops tr", null],
  "status-flags": ["status?section=flags", ".flags tr", null],
  "status-configuration": ["status?section=configuration", ".yaml", null],
};

function routesOf(name) {
  if (name.startsWith("status")) return { [`**/api/v1/status/${statusPaths[name]}*`]: spoiltAnswer };
  return { ...spoiltRoutes(alerting(nAlerts).routes), "**/api/v1/targets*": spoiltAnswer };
}

const statusPaths = { "status-storage": "tsdb", "status-flags": "flags", "status-configuration": "config" };

/** Opens a page, and hears whom it asks. */
async function opened(path, options) {
  const { page, close } = await open(browser, at(path), options);
  const strangers = [];
  page.on("request", request => {
    const { protocol, host } = new URL(request.url());
    if (/^https?:$/.test(protocol) && host !== new URL(server.url).host) strangers.push(request.url());
  });
  page.on("dialog", dialog => strangers.push(dialog.message()));
  return { page, close, strangers };
}

async function assertHarmless(page, strangers) {
  const found = await page.evaluate(() => {
    const all = [...document.querySelectorAll("body *")];
    const isForeign = one => /^(script|iframe|object|embed|base|meta|link|video|img|math)$/i.test(one.tagName);
    const isScripted = one => one.getAttributeNames().some(name => name.startsWith("on"));
    const isAddress = one => ["href", "src", "action", "xlink:href"].some(name => one.hasAttribute(name));
    const leads = one => !/^https?:$/.test(new URL(one.href || one.src, document.baseURI).protocol);
    const wrong = all.filter(
      one =>
        (isForeign(one) && one.closest("main")) ||
        isScripted(one) ||
        (isAddress(one) && one.tagName === "A" && leads(one)),
    );
    return [
      ...wrong.map(one => one.outerHTML.slice(0, 200)),
      ...(window.brokenInto === undefined ? [] : ["broken into"]),
    ];
  });
  assert.deepEqual(found, []);
  assert.deepEqual(strangers, [], "nobody else is asked");
}

test("there are two hundred texts, and answers are full of them", () => {
  assert.equal(new Set(hostileTexts).size, 200);
  const text = JSON.stringify(spoilt({ labels: { a: "b" }, state: "firing" }));
  assert.match(text, /brokenInto|evil/);
  assert.match(text, /"state":"firing"/);
});

for (const [name, [path, there, folded]] of Object.entries(pages)) {
  test(`${name}: what others write is text`, async () => {
    // Pools of spoilt names are none that the server knows.
    const allow = name === "targets" ? /400/ : /$^/;
    const { page, close, strangers } = await opened(path, { routes: routesOf(name), allow });
    await page.locator(there).first().waitFor();
    await page.locator("main", { hasText: /brokenInto|evil\.example/ }).waitFor();
    await assertHarmless(page, strangers);
    await assertNoSidewaysScroll(page);
    const nFolded = folded === null ? 0 : await page.locator(folded).count();
    for (let nth = 0; nth < Math.min(3, nFolded); nth++) {
      await page.locator(folded).nth(nth).click();
      await assertHarmless(page, strangers);
      await assertNoSidewaysScroll(page);
    }
    await picture(page, `hostile-${name}-1440`);
    await page.setViewportSize({ width: 360, height: 740 });
    await assertNoSidewaysScroll(page);
    await assertHarmless(page, strangers);
    await picture(page, `hostile-${name}-360`);
    await close();
  });
}

test("silencing: what others write is text in the dialog, too", async () => {
  const { page, close, strangers } = await opened("alerts", { routes: routesOf("alerts"), width: 360, height: 740 });
  await page.getByRole("button", { name: "Silence", exact: true }).first().click();
  await page.getByRole("dialog").waitFor();
  await assertHarmless(page, strangers);
  await assertNoSidewaysScroll(page);
  await picture(page, "hostile-silencing-360");
  await close();
});

test("addresses: parameters are text", async () => {
  const { routes } = alerting(3);
  const { page, close, strangers } = await opened("alerts", { routes, allow: /4\d\d|Failed to load/ });
  const parameters = [
    "q",
    "state",
    "kind",
    "open",
    "status",
    "receiver",
    "fingerprint",
    "section",
    "range",
    "end",
    "g0.expr",
  ];
  for (const path of ["alerts", "rules", "silences", "notifications", "targets", "status", "query", ""]) {
    for (const [n, text] of hostileTexts.entries()) {
      // Each text for one page of eight and a few parameters at a time: together they meet every parameter.
      if (n % 25 !== path.length % 25) continue;
      const query = new URLSearchParams(parameters.map(name => [name, text]));
      await page.goto(at(`${path}?${query}`));
      await page.locator("h1").waitFor();
      await assertHarmless(page, strangers);
      await assertNoSidewaysScroll(page);
    }
  }
  await close();
});
