// The address under which narthex is served, path prefix included. It is taken from where this script came from
// (`PREFIX/assets/…`), so the server need not write it into the page.

// Kept apart from `new URL(…)`: the bundler would take the pair for the address of a file to be copied.
const here = import.meta.url;

export const base = new URL("..", here);

/** The address of a path below the prefix: `at("api/v1/query")`. */
export function at(path: string): string {
  return new URL(path, base).href;
}
