// What the values of a query count, once narthex has parsed it.

import { useEffect, useState } from "preact/hooks";
import { plain } from "../../format/unit";
import { parse } from "../../promql/ast";
import { type Meaning, meaningOf } from "../../promql/unit";

const unknown: Meaning = { unit: plain, counts: false };

export function useMeaning(expr: string): Meaning {
  const [found, setFound] = useState<Meaning>(unknown);
  useEffect(() => {
    let left = false;
    if (expr === "") return setFound(unknown);
    parse(expr)
      .then(meaningOf)
      // A query that cannot be read, or nests deeper than the stack, just has no unit.
      .catch(() => unknown)
      .then(meaning => left || setFound(meaning));
    return () => {
      left = true;
    };
  }, [expr]);
  return found;
}
