// Alerts, rules, silences and notifications, with made-up answers: what fires at night, why nobody was told, and how it is
// silenced.

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { alerting, withoutRouting } from "./alerting.mjs";
import { assertAccessible, assertNoSidewaysScroll, open, picture } from "./browser.mjs";
import { until } from "./server.mjs";
import { at, browser, testLooks, testNumbers } from "./session.mjs";

/** A page, what stands on it with items, and its name in both languages. */
const pages = {
  alerts: { there: ".fired", title: { "en-US": "Alerts", "zh-CN": "告警" } },
  rules: { there: ".rule", title: { "en-US": "Rules", "zh-CN": "规则" } },
  silences: { there: ".silence", title: { "en-US": "Silences", "zh-CN": "静默" } },
  notifications: { there: ".delivery", title: { "en-US": "Notifications", "zh-CN": "通知" } },
};

for (const [name, { there, title }] of Object.entries(pages)) {
  testLooks(name, {
    there,
    options: () => ({ routes: alerting(12).routes }),
    check: async (page, language) => {
      assert.equal(await page.locator("h1").innerText(), title[language]);
      const current = page.locator("nav [aria-current=page]");
      assert.deepEqual(await current.allInnerTexts(), [pages.alerts.title[language], title[language]]);
    },
  });
  testNumbers(name, { there, routesOf: n => alerting(n).routes });
}

test("says where a server has no routing, and shows its rules all the same", async () => {
  const { page, close } = await open(browser, at("alerts"), { routes: withoutRouting() });
  await page.locator(".instance").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Silence", exact: true }).count(), 0);
  await page.locator(".instance .name").first().click();
  await page.getByText("Nobody has been told yet.").waitFor();
  await page.getByRole("link", { name: "Silences" }).click();
  await page.getByText("This server keeps no silences.").waitFor();
  await page.getByRole("link", { name: "Notifications" }).click();
  await page.getByText("This server sends no notifications itself.").waitFor();
  await close();
});

test("keeps what came when the next answer fails", async () => {
  let fails = false;
  const { routes } = alerting(12);
  const broken = answer => (route, request) =>
    fails ? route.fulfill({ status: 500, contentType: "text/plain", body: "out of order" }) : answer(route, request);
  const { page, close } = await open(browser, at("alerts?refresh=off"), {
    routes: Object.fromEntries(Object.entries(routes).map(([pattern, answer]) => [pattern, broken(answer)])),
    allow: /500/,
  });
  await page.locator(".fired").first().waitFor();
  fails = true;
  await page.keyboard.press(".");
  await page.getByText("The alerts could not be read.").waitFor();
  await page.locator(".stale .fired").first().waitFor();
  await close();
});

test("filters alerts by matcher and state, and keeps both in the link", async () => {
  const { page, close } = await open(browser, at("alerts"), { routes: alerting(12).routes });
  await page.locator(".instance").first().waitFor();
  await page.getByRole("searchbox").fill('severity="page", instance=~"10.0.0.(0|3):.*"');
  await page.waitForFunction(() => document.querySelectorAll(".instance").length === 2);
  await page.getByRole("button", { name: /^Pending/ }).click();
  await page.getByText("No alert matches.").waitFor();
  await page.waitForURL(/state=pending/);
  await page.reload();
  await page.getByText("No alert matches.").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".instance").length === 12);
  await close();
});

test("opens an alert: its rule, its group, who was told, and why", async () => {
  const { page, close } = await open(browser, at("alerts"), { routes: alerting(12).routes });
  await page.locator(".instance .name").first().click();
  const chain = page.locator(".chain");
  await chain.getByText("with 2 others in its group").waitFor();
  assert.match(await chain.innerText(), /rate\(http_requests_total[\s\S]*for 5m[\s\S]*on-call[\s\S]*On the way/);
  await page.getByRole("button", { name: "Why was I not paged?" }).click();
  await page.locator(".what-happened", { hasText: "Kept quiet inside of a mute time interval" }).waitFor();
  await page.locator(".explained", { hasText: "group_interval 5m" }).waitFor();
  await assertAccessible(page);
  await picture(page, "alerts-opened");
  await page.reload();
  await chain.waitFor();
  await page.getByRole("link", { name: "Open the rule" }).click();
  await page.locator(".rule .opened").waitFor();
  assert.match(await page.locator(".rule", { has: page.locator(".opened") }).innerText(), /HighErrorRate/);
  await close();
});

test("silences an alert in two clicks, and takes it back", async () => {
  const { routes, state } = alerting(12);
  const { page, close } = await open(browser, at("alerts"), { routes });
  const before = state.silences.length;
  await page.getByRole("button", { name: "Silence", exact: true }).first().click();
  await page.getByText("Hides 1 alert").first().waitFor();
  await assertAccessible(page);
  await picture(page, "silencing");
  await page.getByRole("button", { name: "Silence for 2 hours" }).click();
  await page.getByText(/^Silenced until/).waitFor();
  assert.equal(state.silences.length, before + 1);
  const made = state.silences.at(-1);
  assert.deepEqual(
    made.matchers.find(({ name }) => name === "alertname"),
    { name: "alertname", value: "HighErrorRate", isRegex: false, isEqual: true },
  );
  assert.equal(made.matchers.length, 6, "all labels as routing knows them");
  assert.ok(Math.abs(Date.parse(made.endsAt) - Date.parse(made.startsAt) - 2 * 3_600_000) < 60_000);
  await page.locator(".instance", { hasText: "silenced" }).first().waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The silence has ended.").waitFor();
  assert.equal(made.status.state, "expired");
  await close();
});

test("shows what a silence hides while its matchers are written, and refuses one that hides everything", async () => {
  const { routes, state } = alerting(40);
  const { page, close } = await open(browser, at("silences"), { routes, width: 360, height: 740 });
  await page.getByRole("button", { name: "New silence" }).click();
  await page.getByText("A matcher is missing").waitFor();
  const submit = page.getByRole("button", { name: /^Silence for/ });
  assert.equal(await submit.isDisabled(), true);
  await page.getByLabel("Label", { exact: true }).fill("severity");
  await page.getByLabel("Operator").selectOption("=~");
  await page.getByLabel("Value", { exact: true }).fill(".*");
  await page.getByText("these would hide every alert").waitFor();
  assert.equal(await submit.isDisabled(), true);
  await page.getByLabel("Value", { exact: true }).fill("page|warning");
  await page.getByText(/is that meant\?/).waitFor();
  await page.getByLabel("Value", { exact: true }).fill("warning");
  await page.locator(".hides li", { hasText: "SlowSearch" }).first().waitFor();
  await page.getByLabel("Until").fill("2020-01-01 10:00");
  await page.getByText("The end lies in the past.").waitFor();
  await page.getByRole("button", { name: "1 day" }).click();
  await page.getByLabel("By", { exact: true }).fill("Li Wei");
  await page.getByLabel("Comment").fill("moving");
  await assertAccessible(page);
  await assertNoSidewaysScroll(page);
  await picture(page, "silencing-360");
  await page.getByRole("button", { name: "Silence for 1 day" }).click();
  await page.getByText(/^Silenced until/).waitFor();
  const { matchers, createdBy, comment } = state.silences.at(-1);
  assert.deepEqual(matchers, [{ name: "severity", value: "warning", isRegex: true, isEqual: true }]);
  assert.deepEqual([createdBy, comment], ["Li Wei", "moving"]);
  await close();
});

test("extends, changes, copies and ends a silence, and takes the end back", async () => {
  const { routes, state } = alerting(3);
  const { page, close } = await open(browser, at("silences"), { routes });
  const row = page.locator(".silence").first();
  await row.getByRole("button", { name: /^hides 1 alert/ }).click();
  await row.locator(".hidden-alerts li", { hasText: "10.0.0.2" }).waitFor();
  const id = state.silences[0].id;
  const found = () => state.silences.find(one => one.id === id);
  const ends = Date.parse(found().endsAt);
  await row.getByRole("button", { name: "Extend" }).click();
  await page.getByRole("button", { name: "By 1 hour" }).click();
  await page.getByText(/^Extended until/).waitFor();
  assert.equal(Date.parse(found().endsAt), ends + 3_600_000);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The silence was changed.").waitFor();
  assert.equal(Date.parse(found().endsAt), ends);
  await row.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("Comment").fill("longer than thought");
  await page.getByRole("button", { name: "Save" }).click();
  await row.getByText("longer than thought").waitFor();
  await row.getByRole("button", { name: "Copy" }).click();
  assert.equal(await page.getByLabel("Value", { exact: true }).inputValue(), "QueueGrows");
  await page.keyboard.press("Escape");
  await row.getByRole("button", { name: "End", exact: true }).click();
  await page.getByText("The silence has ended.").waitFor();
  assert.equal(found().status.state, "expired");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The silence is in force again.").waitFor();
  assert.equal(state.silences.at(-1).status.state, "active");
  assert.deepEqual(state.silences.at(-1).matchers, found().matchers);
  await close();
});

test("says why a silence was refused", async () => {
  const { routes } = alerting(3);
  const refused = route =>
    route.request().method() === "POST"
      ? route.fulfill({ status: 400, json: "silence invalid: invalid label matcher 0" })
      : routes["**/api/v2/silences"](route);
  const { page, close } = await open(browser, at("alerts"), {
    routes: { ...routes, "**/api/v2/silences": refused },
    allow: /400/,
  });
  await page.getByRole("button", { name: "Silence", exact: true }).first().click();
  await page.getByRole("button", { name: "Silence for 2 hours" }).click();
  await page.getByText("silence invalid: invalid label matcher 0").waitFor();
  await close();
});

test("puts a rule's error under its token", async () => {
  const { page, close } = await open(browser, at("rules?kind=failing"), { routes: alerting(12).routes });
  const marked = page.locator(".promql.marked");
  await marked.waitFor();
  assert.equal(await marked.locator(".mistake").innerText(), "rat");
  const [token, caret] = [await marked.locator(".mistake").boundingBox(), await marked.locator("i").boundingBox()];
  assert.ok(Math.abs(token.x - caret.x) < 2 && caret.y > token.y, "the caret stands below its token");
  await page.locator(".rule .name", { hasText: "Misspelt" }).click();
  await page.getByText("Did you mean rate?").waitFor();
  await close();
});

test("replays a rule over the past", async () => {
  const { routes, state } = alerting(12);
  const { page, close } = await open(browser, at("rules"), { routes });
  await page.locator(".rule .name", { hasText: "HighErrorRate" }).click();
  await page.getByRole("button", { name: "30 days" }).click();
  await page.getByRole("button", { name: "Back-test" }).click();
  await page.getByText(/It would have fired 3 times.*sent 5 notifications/).waitFor();
  await page.getByRole("img", { name: /10\.0\.0\.1.*fired 2 times/ }).waitFor();
  const [asked] = state.replayed;
  assert.equal(asked.end - asked.start, 30 * 86_400);
  assert.equal(JSON.parse(asked.rule).alert, "HighErrorRate");
  assert.deepEqual([asked.limit, asked.query_offset], ["20", "30000ms"], "what its group says counts");
  await page.getByText("Silences, inhibition, and mute and active time intervals are not asked").waitFor();
  await assertAccessible(page);
  await picture(page, "rules-replayed");
  await page.setViewportSize({ width: 360, height: 740 });
  await assertNoSidewaysScroll(page);
  await close();
});

test("opens a notification to what was sent, and tries a receiver", async () => {
  const { routes, state } = alerting(12);
  const { page, close } = await open(browser, at("notifications"), { routes });
  await page.getByRole("button", { name: /^Failed/ }).click();
  await page.waitForFunction(() => document.querySelectorAll(".delivery").length === 2);
  await page.locator(".delivery .name").first().click();
  await page.getByText("connection refused (127.0.0.1:8080)").waitFor();
  assert.match(await page.locator(".attempts .source").innerText(), /"version": "4"[\s\S]*<script>/);
  assert.notEqual(await page.title(), "broken into");
  await page.waitForURL(/status=failed.*open=|open=.*status=failed/);
  await assertAccessible(page);
  await picture(page, "notifications-opened");
  const receiver = name => page.locator(".receivers li", { hasText: name });
  const answers = [
    ["on-call", "Arrived in 84 ms."],
    ["team", "Check auth_username"],
    ["nobody-yet", "nothing was sent"],
  ];
  for (const [name, answer] of answers) {
    await receiver(name).getByRole("button", { name: "Send a test" }).click();
    await receiver(name).getByText(answer).waitFor();
  }
  await receiver("team").getByText("535 authentication failed").waitFor();
  assert.deepEqual(state.tested, ["on-call", "team", "nobody-yet"]);
  await assertAccessible(page);
  await close();
});

test("shows on the first page what fires, by product", async () => {
  for (const [width, language] of [
    [1440, "en-US"],
    [360, "zh-CN"],
  ]) {
    const { page, close } = await open(browser, at("?range=1m"), { width, language, routes: alerting(12).routes });
    await page.locator(".firing-now h3", { hasText: "checkout" }).waitFor();
    assert.match(await page.locator("h1").innerText(), /^8 (alerts fire|条告警触发中)$/);
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
    await picture(page, `home-firing-${width}`);
    await close();
  }
});

test("comes to the alerts by keyboard, and to a silence", async () => {
  const { page, close } = await open(browser, at("?refresh=off&range=1m"), { routes: alerting(3).routes });
  await page.locator("h1").waitFor();
  await until("g a leads to the alerts", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    return new URL(page.url()).pathname === new URL(at("alerts")).pathname;
  });
  await page.locator(".instance .name").first().focus();
  await page.keyboard.press("Enter");
  await page.locator(".opened").waitFor();
  await page.locator(".instance .line > button").first().focus();
  await page.keyboard.press("Enter");
  // The dialog opens on its button: a second Enter silences.
  await page.waitForFunction(() => document.activeElement.classList.contains("submit"));
  await page.keyboard.press("Enter");
  await page.getByText(/^Silenced until/).waitFor();
  await close();
});
