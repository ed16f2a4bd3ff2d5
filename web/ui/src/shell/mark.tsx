// The mark: a stalk of fennel that carries a spark.

export function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke-linecap="round" aria-hidden="true">
      <path
        d="M12 22.5V12M12 13.5 5.5 7.5M12 13.5l6.5-6M12 17l-3.5-2.6"
        stroke="currentColor"
        stroke-width="2"
      />
      <circle cx="12" cy="5.2" r="3.4" style={{ fill: "var(--ember)" }} />
    </svg>
  );
}
