// Somebody's word against a gate's: what it lets through, for how long, who gives it as what, and why.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { say } from "../../alerting/done";
import type { Gate, Override } from "../../api/budgets";
import { postJson } from "../../api/client";
import { Failure } from "../../parts/failure";
import { Choice } from "../../parts/tabs";
import { keep, read } from "../../preferences";
import { t } from "../../texts";
import { ta } from "../../texts/alerting";
import { tb } from "../../texts/budgets";

export function OverrideButton({ gate }: { gate: Gate }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        {tb().overriding.button}
      </button>
      {open && <Dialog gate={gate} onClose={() => setOpen(false)} />}
    </>
  );
}

const hourS = 3600;
const spans = [hourS, 4 * hourS, 24 * hourS];
const usualS = 4 * hourS;
/** Where a gate does not say how long an override holds. */
const defaultS = 24 * hourS;

function Dialog({ gate, onClose }: { gate: Gate; onClose: () => void }) {
  const text = tb().overriding;
  const { roles, needs_reason, expires_seconds } = gate.override;
  const longest = expires_seconds || defaultS;
  const allowed = [...spans.filter(span => span < longest), longest];
  const dialog = useRef<HTMLDialogElement>(null);
  const [service, setService] = useState("");
  const [version, setVersion] = useState("");
  const [role, setRole] = useState(roles[0] ?? "");
  const [by, setBy] = useState(read("author") ?? "");
  const [reason, setReason] = useState("");
  const [lasts, setLasts] = useState(String(allowed.includes(usualS) ? usualS : longest));
  const [error, setError] = useState<Error | null>(null);
  const [sending, setSending] = useState(false);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>(".reason input")?.focus();
  }, []);
  const wrong = needs_reason && reason.trim() === "" ? text.needsReason : "";

  const submit = async (event: Event) => {
    event.preventDefault();
    if (wrong !== "" || sending) return;
    setSending(true);
    keep("author", by);
    const word = {
      service,
      version: version.trim(),
      reason: reason.trim(),
      by: by.trim(),
      role,
      expires_in: `${lasts}s`,
    };
    try {
      await postJson<Override>(`gates/${encodeURIComponent(gate.name)}/overrides`, word);
      dialog.current?.close();
      say(text.done(t().time.span(Number(lasts) * 1000)));
    } catch (error) {
      setError(error instanceof Error ? error : new Error(String(error)));
      setSending(false);
    }
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      class="silencing"
      ref={dialog}
      aria-label={text.title}
      onClose={onClose}
      onClick={event => event.target === dialog.current && dialog.current?.close()}
    >
      <form onSubmit={submit}>
        <header>
          <h2>{text.title}</h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {t().close} <kbd>Esc</kbd>
          </button>
        </header>
        <div class="body">
          <p class="muted">{text.what(gate.name)}</p>
          <div class="fields">
            <label class="reason">
              {text.reason}
              <input value={reason} onInput={event => setReason(event.currentTarget.value)} />
            </label>
            <label>
              {text.service}
              <select value={service} onChange={event => setService(event.currentTarget.value)}>
                <option value="">{text.all}</option>
                {gate.services.map(one => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </label>
            <label>
              {text.version}
              <input
                value={version}
                placeholder={text.all}
                spellcheck={false}
                onInput={event => setVersion(event.currentTarget.value)}
              />
            </label>
            <label>
              {ta().silencing.by}
              <input value={by} autocomplete="name" onInput={event => setBy(event.currentTarget.value)} />
            </label>
            {roles.length > 0 && (
              <label>
                {text.role}
                <select value={role} onChange={event => setRole(event.currentTarget.value)}>
                  {roles.map(one => (
                    <option key={one}>{one}</option>
                  ))}
                </select>
              </label>
            )}
          </div>
          <h3>{ta().silencing.howLong}</h3>
          <Choice
            label={ta().silencing.howLong}
            chosen={lasts}
            options={allowed.map(span => [String(span), t().time.span(span * 1000)])}
            onChoose={setLasts}
          />
        </div>
        <footer>
          {error !== null && <Failure what={text.failed} error={error} />}
          <span class="space wrong" role="status">
            {wrong}
          </span>
          <button type="button" onClick={() => dialog.current?.close()}>
            {ta().cancel}
          </button>
          <button type="submit" class="primary" disabled={wrong !== "" || sending}>
            {text.submit}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
