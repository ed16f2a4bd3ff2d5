// A browser that watches: whoever opens a page through it hears of every console error and every failed request.

import { strict as assert } from "node:assert";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const out = fileURLToPath(new URL("../out/", import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How long is waited for anything before it is a fault: on a busy machine what takes a tenth of a second takes many. */
const patience = 120_000;

export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: flags, timeout: patience });
}

/**
 * Opens `url` in a context of its own. `allow` matches what may go wrong: console errors and `STATUS METHOD PATH` of
 * refused requests. `routes` maps address patterns to answers that stand in for the server's.
 */
export async function open(browser, url, options = {}) {
  const {
    width = 1440,
    height = 900,
    theme = "light",
    language = "en-US",
    allow = /$^/,
    routes = {},
    touch = false,
  } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: language,
    timezoneId: "Asia/Shanghai",
    hasTouch: touch,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrongs = [];
  const note = text => allow.test(text) || wrongs.push(text);
  page.on("console", message => message.type() === "error" && note(`console: ${message.text()}`));
  page.on("pageerror", error => note(`exception: ${error.stack ?? error.message}`));
  page.on("response", response => {
    if (response.status() < 400) return;
    note(`${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`);
  });
  page.on("requestfailed", request => {
    // The page gives up requests whose answer nobody waits for any more.
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") note(`${reason} ${request.method()} ${new URL(request.url()).pathname}`);
  });
  for (const [pattern, answer] of Object.entries(routes)) await page.route(pattern, answer);
  await page.goto(url);
  const close = async () => {
    await context.close();
    assert.deepEqual(wrongs, [], "the page complained");
  };
  return { page, wrongs, close };
}

/** How often a page that is still being drawn is looked at once more. */
const nLooks = 20;

/** Looks until nothing is wrong; answers with what is wrong at the last look. */
async function lookAgain(page, look) {
  let wrong = await look();
  for (let n = 1; n < nLooks && wrong.length > 0; n++) {
    await page.waitForTimeout(500);
    wrong = await look();
  }
  return wrong;
}

/** Nothing may be wider than the window, as soon as charts have followed its width. */
export async function assertNoSidewaysScroll(page) {
  const wide = await lookAgain(page, () => tooWide(page));
  assert.deepEqual(wide, [], "the page scrolls sideways");
}

function tooWide(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const beyond = [...document.querySelectorAll("body *")].filter(
      one => one.getBoundingClientRect().right > clientWidth + 1,
    );
    if (scrollWidth <= clientWidth) return [];
    return ["the page", ...beyond.slice(0, 3).map(one => one.outerHTML.slice(0, 120))];
  });
}

/** No violation that keeps someone from using the page; what is dimmed while it is read again is looked at afterwards. */
export async function assertAccessible(page) {
  await page.evaluate(axe);
  const said = await lookAgain(page, () => seriousViolations(page));
  assert.deepEqual(said, [], "axe found serious violations");
}

async function seriousViolations(page) {
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n  ${nodes
        .slice(0, 4)
        .map(node => `${node.html}\n  ${node.failureSummary}`)
        .join("\n  ")}`,
  );
}

/** Keeps a picture for people to look at. */
export async function picture(page, name) {
  await mkdir(out, { recursive: true });
  await page.screenshot({ path: `${out}${name}.png`, fullPage: true });
}

/** Waits until lines in a colour of the legend stand on the `nth` canvas, in at least `least` columns of pixels. */
export async function lineDrawn(page, { nth = 0, least = 8 } = {}) {
  await page.waitForFunction(
    ([nth, least]) => {
      const canvas = document.querySelectorAll(".chart canvas")[nth];
      const panel = canvas?.closest(".panel, .home, .burndown");
      if (!canvas || canvas.width === 0) return false;
      let strokes = [...panel.querySelectorAll(".swatch path")].map(path => getComputedStyle(path).stroke);
      // A chart without a legend draws a single line, in any of the colours.
      if (strokes.length === 0) {
        const probe = document.body.appendChild(document.createElement("i"));
        strokes = [0, 1, 2, 3, 4, 5, 6, 7].map(i => {
          probe.style.color = `var(--series-${i})`;
          return getComputedStyle(probe).color;
        });
        probe.remove();
      }
      const colours = strokes.map(text => text.match(/\d+/g).map(Number));
      const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const columns = new Set();
      for (let at = 0; at < width * height; at++) {
        const [r, g, b, alpha] = data.subarray(at * 4, at * 4 + 4);
        if (alpha < 128) continue;
        if (colours.some(([x, y, z]) => Math.abs(r - x) + Math.abs(g - y) + Math.abs(b - z) < 40))
          columns.add(at % width);
      }
      return columns.size >= least;
    },
    [nth, least],
    { polling: 100 },
  );
}
