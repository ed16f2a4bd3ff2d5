//! The windows that a time is divided into.

use crate::spec::Window;
use crate::window::Span;

/// So many windows are looked at, the newest ones.
const MAX_PERIODS: usize = 1000;

/// A window of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) span: Span,
    /// Whether all of it lies in the time.
    pub(super) is_whole: bool,
}

/// The windows of a time, the oldest first: of a calendar its periods, of a rolling window those that end with the time and before
/// one another. What is left at the beginning is a window only where there is no whole one.
pub(super) fn periods(window: &Window, time: Span) -> Vec<Period> {
    let mut periods = Vec::new();
    let last = window.span_at(time.to_ms);
    let mut next = Some(last);
    while let Some(span) = next.filter(|span| span.from_ms >= time.from_ms && periods.len() < MAX_PERIODS) {
        let is_whole = span.to_ms <= time.to_ms;
        periods.push(Period { span: Span { to_ms: span.to_ms.min(time.to_ms), ..span }, is_whole });
        next = Some(window.span_at(span.from_ms)).filter(|before| before.from_ms < span.from_ms);
    }
    if !periods.iter().any(|period| period.is_whole) {
        let to_ms = periods.last().map_or(time.to_ms, |period| period.span.from_ms);
        let rest = Span { from_ms: time.from_ms, to_ms };
        periods.extend((rest.length_ms() > 0).then_some(Period { span: rest, is_whole: false }));
    }
    periods.reverse();
    periods
}

/// Those of them that tell what can be kept: the whole ones, or all where none is whole.
pub(super) fn telling<T>(periods: &[T], is_whole: impl Fn(&T) -> bool) -> impl Iterator<Item = &T> {
    let are_some_whole = periods.iter().any(&is_whole);
    periods.iter().filter(move |period| !are_some_whole || is_whole(period))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::spec::CalendarUnit;

    /// The windows as `start/end`, those that are not whole with `…` behind them.
    fn check(window: &Window, from: &str, to: &str, want: &[&str]) {
        let at = |text: &str| format!("{text}:00Z").parse::<Timestamp>().unwrap().as_millisecond();
        let shown = |ms: i64| Timestamp::from_millisecond(ms).unwrap().strftime("%m-%dT%H").to_string();
        let found = periods(window, Span { from_ms: at(from), to_ms: at(to) });
        let found: Vec<String> = found
            .iter()
            .map(|Period { span, is_whole }| {
                let end = if *is_whole { "" } else { "…" };
                format!("{}/{}{end}", shown(span.from_ms), shown(span.to_ms))
            })
            .collect();
        assert_eq!(found, want, "{from} {to}");
    }

    #[test]
    fn windows_of_the_past() {
        let week = Window::Rolling { length_ms: 7 * 86_400_000 };
        check(&week, "2026-01-01T00:00", "2026-01-16T12:00", &["01-02T12/01-09T12", "01-09T12/01-16T12"]);
        check(&week, "2026-01-01T00:00", "2026-01-05T00:00", &["01-01T00/01-05T00…"]);
        check(&week, "2026-01-01T00:00", "2026-01-08T00:00", &["01-01T00/01-08T00"]);
        check(&week, "2026-01-01T00:00", "2026-01-01T00:00", &[]);
        let anchor = "2026-01-01T00:00:00".parse().unwrap();
        let day = Window::Calendar { unit: CalendarUnit::Day, count: 1, anchor, zone: TimeZone::UTC };
        let want = ["01-02T00/01-03T00", "01-03T00/01-04T00", "01-04T00/01-04T06…"];
        check(&day, "2026-01-01T18:00", "2026-01-04T06:00", &want);
        check(&day, "2026-01-01T18:00", "2026-01-02T06:00", &["01-01T18/01-02T00…", "01-02T00/01-02T06…"]);
        check(&day, "2026-01-01T03:00", "2026-01-01T06:00", &["01-01T03/01-01T06…"]);
    }
}
