// A state is a sign, a word and a colour, in that order of importance: never colour alone.

export type StateName = "healthy" | "caution" | "critical" | "exhausted" | "nodata";

const signs: Record<StateName, string> = {
  healthy: "●",
  caution: "▲",
  critical: "◆",
  exhausted: "■",
  nodata: "○",
};

export function State({ name, word }: { name: StateName; word: string }) {
  return (
    <span class={`state ${name}`}>
      <i aria-hidden="true">{signs[name]}</i>
      {word}
    </span>
  );
}
