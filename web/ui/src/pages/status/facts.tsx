// A list of facts: a name and what it is.

import type { ComponentChildren } from "preact";

export function Facts({ facts }: { facts: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd key={`${name} `}>{value}</dd>
        </>
      ))}
    </dl>
  );
}
