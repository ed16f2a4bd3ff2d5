// Tabs over one panel; arrow keys move between them.

interface Props<T extends string> {
  tabs: [name: T, title: string][];
  selected: T;
  /** What the tabs choose between, for those who hear the page. */
  label: string;
  /** The id of the panel below; tab `x` has the id `PANEL-x`. */
  panel: string;
  onSelect: (name: T) => void;
}

export function Tabs<T extends string>({ tabs, selected, label, panel, onSelect }: Props<T>) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const i = tabs.findIndex(([name]) => name === selected);
    const [next] = tabs[(i + step + tabs.length) % tabs.length]!;
    onSelect(next);
    document.getElementById(`${panel}-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(([name, title]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${panel}-${name}`}
          aria-selected={name === selected}
          aria-controls={panel}
          tabIndex={name === selected ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  options: [name: T, title: string, hint?: string][];
  chosen: T;
  label: string;
  onChoose: (name: T) => void;
}

/** A few options in a row, of which one holds. */
export function Choice<T extends string>({ options, chosen, label, onChoose }: ChoiceProps<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame and a legend.
    <div class="choice" role="group" aria-label={label}>
      {options.map(([name, title, hint]) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === chosen}
          title={hint}
          onClick={() => onChoose(name)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
