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

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
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

/** Nothing may be wider than the window. */
export async function assertNoSidewaysScroll(page) {
  const { scrolls, wide } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const beyond = [...document.querySelectorAll("body *")].filter(
      one => one.getBoundingClientRect().right > clientWidth + 1,
    );
    return { scrolls: scrollWidth > clientWidth, wide: beyond.slice(0, 3).map(one => one.outerHTML.slice(0, 120)) };
  });
  assert.equal(scrolls, false, `the page scrolls sideways: ${wide.join("\n")}`);
}

/** No violation that keeps someone from using the page. */
export async function assertAccessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const said = serious.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n  ${nodes
        .slice(0, 4)
        .map(node => `${node.html}\n  ${node.failureSummary}`)
        .join("\n  ")}`,
  );
  assert.deepEqual(said, [], "axe found serious violations");
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
      const panel = canvas?.closest(".panel, .home");
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
    { timeout: 15_000, polling: 100 },
  );
}
