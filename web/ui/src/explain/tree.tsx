// The parsed query as a tree: each node as PromQL, its type, and what it does in words. Beside each node is room for how
// many series it gave and how long it took, for when narthex traces an evaluation.

import "./explain.css";
import { formatValue } from "../format/unit";
import { language } from "../preferences";
import { children, type Node, typeOf, type ValueType, walk } from "../promql/ast";
import { head } from "../promql/print";
import { meaningOf } from "../promql/unit";
import { describe } from "./describe";
import { english, type Words } from "./words.en";
import { chinese } from "./words.zh";

/** What evaluating a node cost, in the order in which `walk` visits the tree. */
export interface Trace {
  nSeries: number;
  seconds: number;
}

const deepest = 40;

export default function Tree({ root, trace }: { root: Node; trace?: Trace[] }) {
  const words = language.value === "zh-CN" ? chinese : english;
  const order = new Map([...walk(root)].map((node, i) => [node, i]));
  return (
    <div class="explain">
      <ul class="tree">
        <Branch node={root} depth={0} words={words} traceOf={node => trace?.[order.get(node) ?? -1]} />
      </ul>
      <UnitOf root={root} words={words} />
    </div>
  );
}

interface BranchProps {
  node: Node;
  depth: number;
  words: Words;
  traceOf: (node: Node) => Trace | undefined;
}

function Branch({ node, depth, words, traceOf }: BranchProps) {
  const below = children(node);
  const trace = traceOf(node);
  return (
    <li>
      <div class="node">
        <code class={`head ${typeOf(node)}`}>{head(node)}</code>
        <Type type={typeOf(node)} words={words} />
        {trace !== undefined && (
          <span class="trace">
            {words.series} {trace.nSeries} · {formatValue(trace.seconds, { of: "s", perSecond: false })}
          </span>
        )}
        <p>{describe(node, words)}</p>
      </div>
      {below.length > 0 && depth < deepest && (
        <ul>
          {below.map((child, i) => (
            <Branch key={i} node={child} depth={depth + 1} words={words} traceOf={traceOf} />
          ))}
        </ul>
      )}
      {below.length > 0 && depth >= deepest && (
        <p class="muted">{words.deeper([...walk(node)].length - 1)}</p>
      )}
    </li>
  );
}

function Type({ type, words }: { type: ValueType; words: Words }) {
  return <span class="type">{words.types[type]}</span>;
}

function UnitOf({ root, words }: { root: Node; words: Words }) {
  const { unit } = meaningOf(root);
  const names: Record<string, string> = { "": "1", s: "s", B: "B", ratio: "%", ts: "Unix s" };
  if (unit.of === "" && !unit.perSecond) return null;
  return <p class="muted">{words.unit(`${names[unit.of] ?? unit.of}${unit.perSecond ? "/s" : ""}`)}</p>;
}
