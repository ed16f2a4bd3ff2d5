// The parsed query as a tree: each node as PromQL, its type, and what it does in words.

import "./explain.css";
import { language } from "../preferences";
import { children, type Node, typeOf, type ValueType, walk } from "../promql/ast";
import { head } from "../promql/print";
import { meaningOf } from "../promql/unit";
import { describe } from "./describe";
import { english, type Words } from "./words.en";
import { chinese } from "./words.zh";

const deepest = 40;

export default function Tree({ root }: { root: Node }) {
  const words = language.value === "zh-CN" ? chinese : english;
  return (
    <div class="explain">
      <ul class="tree">
        <Branch node={root} depth={0} words={words} />
      </ul>
      <UnitOf root={root} words={words} />
    </div>
  );
}

interface BranchProps {
  node: Node;
  depth: number;
  words: Words;
}

function Branch({ node, depth, words }: BranchProps) {
  const below = children(node);
  return (
    <li>
      <div class="node">
        <code class={`head ${typeOf(node)}`}>{head(node)}</code>
        <Type type={typeOf(node)} words={words} />
        <p>{describe(node, words)}</p>
      </div>
      {below.length > 0 && depth < deepest && (
        <ul>
          {below.map((child, i) => (
            <Branch key={i} node={child} depth={depth + 1} words={words} />
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
