// The explain tab. Its words are many, so they are loaded when it is first opened.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { type Node, parse } from "../../promql/ast";
import { mistakeIn } from "../../promql/mistake";
import { t } from "../../texts";

let loaded: ComponentType<{ root: Node }> | null = null;

export function ExplainTab({ expr }: { expr: string }) {
  const [root, setRoot] = useState<Node | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [Tree, setTree] = useState<ComponentType<{ root: Node }> | null>(() => loaded);
  useEffect(() => {
    let left = false;
    setError(null);
    const tree = import("../../explain/tree").then(module => {
      loaded = module.default;
      if (!left) setTree(() => module.default);
    });
    const parsed = parse(expr).then(root => left || setRoot(root));
    Promise.all([tree, parsed]).catch(error => left || setError(error));
    return () => {
      left = true;
    };
  }, [expr]);
  if (error !== null) {
    // What stands under its token in the editor need not be said twice.
    const shown = error instanceof ApiError && mistakeIn(expr, error.message, t()) !== null;
    return shown ? (
      <p class="muted">{t().query.unparsed}</p>
    ) : (
      <Failure what={t().query.failed} error={error} />
    );
  }
  return Tree === null || root === null ? <Progress on /> : <Tree root={root} />;
}
