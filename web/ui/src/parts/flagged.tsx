// Prose that names flags of the command line: each stands whole on its line, in the face of code.

export function Flagged({ text }: { text: string }) {
  return (
    <>
      {text.split(/(--[a-z][\w.-]*\w)/).map((part, i) =>
        part.startsWith("--") ? (
          <code key={i} class="flag">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </>
  );
}
