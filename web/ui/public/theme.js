// Runs before the first paint, so that a page chosen dark never flashes white.
try {
  const theme = localStorage.getItem("narthex.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme, then.
}
