// Answers of the API that are made up, for what a fresh server does not have: many series, long labels, a spike.

/** Routes under which every range query answers with `n` series of `nPoints`, and every query parses. */
export function madeUp(
  n,
  { nPoints = 240, labelsOf = i => ({ __name__: "made_up", shard: String(i).padStart(3, "0") }), valueAt = wave } = {},
) {
  return {
    "**/api/v1/query_range": async route => {
      const form = new URLSearchParams(route.request().postData());
      const [end, step] = [Number(form.get("end")), Number(form.get("step"))];
      const result = Array.from({ length: n }, (_, series) => ({
        metric: labelsOf(series),
        values: Array.from({ length: nPoints }, (_, i) => [end - (nPoints - 1 - i) * step, String(valueAt(series, i))]),
      }));
      await route.fulfill({ json: { status: "success", data: { resultType: "matrix", result } } });
    },
    "**/api/v1/query": async route => {
      const time = Number(new URLSearchParams(route.request().postData()).get("time"));
      const result = Array.from({ length: n }, (_, series) => ({
        metric: labelsOf(series),
        value: [time, String(valueAt(series, 0))],
      }));
      await route.fulfill({ json: { status: "success", data: { resultType: "vector", result } } });
    },
    "**/api/v1/parse_query": route =>
      route.fulfill({
        json: {
          status: "success",
          data: { type: "vectorSelector", name: "made_up", matchers: [], offset: 0, timestamp: null, startOrEnd: null },
        },
      }),
    "**/api/v1/series*": route => route.fulfill({ json: { status: "success", data: [] } }),
  };
}

/** Series apart from each other, each a wave of its own. */
function wave(series, i) {
  return 10 * series + 5 * Math.sin(i / 10 + series);
}

export const hostile = `"><img src=x onerror="document.title='broken into'"><script>document.title='broken into'</script>`;
export const longLabel = "/a/very/long/path".repeat(18).slice(0, 300);
