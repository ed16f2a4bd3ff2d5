// Where files of objectives are looked for: `narthex.slo_files` of the configuration in force.

/** The patterns, in the order in which they stand there. */
export function patternsIn(yaml: string): string[] {
  const narthex = /^narthex:.*(?:\n[ \t#].*|\n)*/m.exec(yaml)?.[0] ?? "";
  const found = /\bslo_files:[ ]*(\[[^\]]*\]|(?:\n[ ]*-[ ].*)+)/.exec(narthex)?.[1] ?? "";
  const listed = found.startsWith("[") ? found.slice(1, -1).split(",") : found.split(/\n[ ]*-[ ]/);
  return listed.map(one => one.trim().replace(/^(["'])(.*)\1$/, "$2")).filter(one => one !== "");
}
