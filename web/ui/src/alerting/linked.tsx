// Text of annotations, with its web addresses as links. All else stays text.

const address = /(https?:\/\/[^\s<>"'）)\]，。]+)/;

export function Linked({ text }: { text: string }) {
  return (
    <>
      {text.split(address).map((part, i) =>
        /^https?:\/\//.test(part) ? (
          <a key={i} href={part} target="_blank" rel="noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}
