// Only some of a metric's series: a label with one of its values. What the server makes of the metric then is of those alone.

import { get } from "../../api/client";
import { useOnce } from "../../api/once";
import { cutMiddle, quote, quoteName, selectorOf } from "../../format/labels";
import { setParams } from "../../router";
import { tt } from "../../texts/trials";

const nValues = 500;

interface Props {
  metric: string;
  labels: string[];
  /** The selector that holds already. */
  match: string | null;
}

export function Only({ metric, labels, match }: Props) {
  const chosen = readMatch(match);
  const choose = (label: string, value: string) => {
    const next = { ...chosen };
    delete next[label];
    if (value !== "") next[label] = value;
    setParams({ match: printMatch(next) });
  };
  return (
    <p class="only">
      {tt().making.only}{" "}
      {labels.slice(0, 6).map(label => (
        <OneLabel
          key={label}
          metric={metric}
          label={label}
          value={chosen[label] ?? ""}
          onChoose={value => choose(label, value)}
        />
      ))}
    </p>
  );
}

function OneLabel(props: {
  metric: string;
  label: string;
  value: string;
  onChoose: (value: string) => void;
}) {
  const { metric, label, value, onChoose } = props;
  const { data } = useOnce(JSON.stringify([metric, label]), async signal => {
    const query = { "match[]": selectorOf({ __name__: metric }), limit: nValues };
    return (await get<string[]>(`label/${encodeURIComponent(label)}/values`, query, signal)).data;
  });
  const values = data ?? [];
  return (
    <label>
      <code>{cutMiddle(label, 32)}</code>{" "}
      <select value={value} onChange={event => onChoose(event.currentTarget.value)}>
        <option value="">{tt().making.all}</option>
        {value !== "" && !values.includes(value) && <option value={value}>{cutMiddle(value, 40)}</option>}
        {values.map(one => (
          <option key={one} value={one}>
            {cutMiddle(one, 40)}
          </option>
        ))}
      </select>
    </label>
  );
}

type Chosen = Record<string, string>;

function printMatch(chosen: Chosen): string | null {
  const pairs = Object.entries(chosen).map(([label, value]) => `${quoteName(label)}=${quote(value)}`);
  return pairs.length === 0 ? null : `{${pairs.join(",")}}`;
}

/** What `printMatch` wrote; another selector in the address holds, and is replaced by a choice here. */
function readMatch(match: string | null): Chosen {
  const text = String.raw`"(?:[^"\\]|\\.)*"`;
  const found = match?.matchAll(new RegExp(`([a-zA-Z_]\\w*|${text})=(${text})`, "g")) ?? [];
  return Object.fromEntries([...found].map(([, label, value]) => [plain(label!), plain(value!)]));
}

function plain(written: string): string {
  if (!written.startsWith('"')) return written;
  return written.slice(1, -1).replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));
}
