//! Axes: where ticks stand and what they say.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::unit::{Unit, joined, trimmed};

/// From values to the height at which they stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Values with what stands beside them.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// How much of the height is asked for by what lies between 0 and the least value, at most, for the axis to begin at 0
/// although it need not.
const ZERO_SHARE: f64 = 0.6;

impl Scale {
    /// An axis for values from `low` to `high` with about `n_ticks` ticks.
    pub(crate) fn new(low: f64, high: f64, from_zero: bool, unit: Unit, n_ticks: usize) -> Scale {
        let reaches_zero = |near: f64, far: f64| from_zero || near / far < ZERO_SHARE;
        let (mut low, mut high) = match (low, high) {
            (low, high) if low >= 0.0 && (high == 0.0 || reaches_zero(low, high)) => (0.0, high),
            (low, high) if high <= 0.0 && reaches_zero(high, low) => (low, 0.0),
            both => both,
        };
        let multiple = unit.multiple_for(low.abs().max(high.abs()));
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) {
            let around = if high == 0.0 { multiple.factor } else { high.abs() * 0.1 };
            (low, high) = if low == 0.0 { (0.0, around) } else { (low - around, high + around) };
        }
        let step = nice((high - low) / multiple.factor / n_ticks.max(1) as f64);
        let (first, last) = ((low / multiple.factor / step).floor(), (high / multiple.factor / step).ceil());
        let n_decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize + usize::from(has_half(step));
        let tick = |number: f64| {
            let scaled = number * step;
            (scaled * multiple.factor, joined(&trimmed(scaled, n_decimals.min(9)), multiple.name))
        };
        // A nice step leaves few of them; the bound holds whatever numbers do near their ends.
        let n_steps = (last - first).clamp(1.0, 4.0 * n_ticks as f64 + 4.0) as usize;
        let ticks: Vec<_> = (0..=n_steps).map(|number| tick(first + number as f64)).collect();
        Scale { low: first * step * multiple.factor, high: last * step * multiple.factor, ticks }
    }

    /// Where a value stands: 0 at the bottom, 1 at the top.
    pub(crate) fn height_of(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(-0.05, 1.05)
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, at least `step`.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|nice| nice * power >= step * (1.0 - 1e-9));
    nice.unwrap_or(10.0) * power
}

/// Whether a step is of those that need a decimal more.
fn has_half(step: f64) -> bool {
    let mantissa = step / 10f64.powf((step.log10() + 1e-9).floor());
    (mantissa - 2.5).abs() < 1e-6
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// From one tick to the next.
const TIME_STEPS_MS: &[i64] = &[
    1000,
    5000,
    15_000,
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    30 * DAY_MS,
    90 * DAY_MS,
    365 * DAY_MS,
];

/// At most `n_ticks` times in a span, as a clock of the zone shows them.
pub(crate) fn time_ticks(from_ms: i64, to_ms: i64, zone: &TimeZone, n_ticks: usize) -> Vec<(i64, String)> {
    let span_ms = to_ms - from_ms;
    let fits = |step_ms: &&i64| span_ms / **step_ms <= n_ticks as i64;
    let step_ms = TIME_STEPS_MS.iter().find(fits).copied().unwrap_or(span_ms.max(1));
    let offset_ms = offset_ms(from_ms, zone);
    let first_ms = (from_ms + offset_ms).div_euclid(step_ms) * step_ms - offset_ms;
    let format = match step_ms {
        step_ms if step_ms < MINUTE_MS => "%H:%M:%S",
        step_ms if step_ms < DAY_MS => "%H:%M",
        _ => "%m-%d",
    };
    let times = (0..=n_ticks as i64 + 1).map(|number| first_ms + number * step_ms);
    let times = times.filter(|at_ms| (from_ms..=to_ms).contains(at_ms));
    times.filter_map(|at_ms| Some((at_ms, zoned(at_ms, zone)?.strftime(format).to_string()))).collect()
}

/// What the zone is called: `UTC`, `CST`, `+08`.
pub(crate) fn zone_name(at_ms: i64, zone: &TimeZone) -> String {
    zoned(at_ms, zone).map_or_else(String::new, |at| at.strftime("%Z").to_string())
}

fn zoned(at_ms: i64, zone: &TimeZone) -> Option<jiff::Zoned> {
    Some(Timestamp::from_millisecond(at_ms).ok()?.to_zoned(zone.clone()))
}

fn offset_ms(at_ms: i64, zone: &TimeZone) -> i64 {
    zoned(at_ms, zone).map_or(0, |at| i64::from(at.offset().seconds()) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        let check = |low: f64, high: f64, from_zero: bool, unit: Unit, want: &[&str]| {
            let scale = Scale::new(low, high, from_zero, unit, 4);
            let texts: Vec<_> = scale.ticks.iter().map(|(_, text)| text.replace('\u{a0}', " ")).collect();
            assert_eq!(texts, want, "{low}..{high} {unit:?}");
            assert!(scale.low <= low && scale.high >= high, "{scale:?}");
        };
        check(0.0, 10.0, false, Unit::Plain, &["0", "2.5", "5", "7.5", "10"]);
        check(95.0, 97.0, false, Unit::Plain, &["95", "95.5", "96", "96.5", "97"]);
        check(95.0, 97.0, true, Unit::Plain, &["0", "25", "50", "75", "100"]);
        check(0.0, 0.0, true, Unit::PerSecond, &["0/s", "0.25/s", "0.5/s", "0.75/s", "1/s"]);
        check(0.01, 0.3, true, Unit::Seconds, &["0 ms", "100 ms", "200 ms", "300 ms"]);
        check(-3.0, 4.0, false, Unit::Plain, &["-4", "-2", "0", "2", "4"]);
        check(0.9, 0.999, false, Unit::Ratio, &["90 %", "92.5 %", "95 %", "97.5 %", "100 %"]);
        check(0.0, 3e9, true, Unit::Bytes, &["0 GiB", "1 GiB", "2 GiB", "3 GiB"]);
        check(7.0, 7.0, false, Unit::Plain, &["6", "6.5", "7", "7.5", "8"]);
    }

    #[test]
    fn hours_and_minutes_of_the_zone() {
        let check = |from_ms: i64, span_ms: i64, zone: TimeZone, want: &[&str]| {
            let texts: Vec<_> = time_ticks(from_ms, from_ms + span_ms, &zone, 6).into_iter().map(|(_, t)| t).collect();
            assert_eq!(texts, want);
        };
        let hour_after_noon_ms = 13 * HOUR_MS;
        check(
            hour_after_noon_ms,
            HOUR_MS,
            TimeZone::UTC,
            &["13:00", "13:10", "13:20", "13:30", "13:40", "13:50", "14:00"],
        );
        let east = TimeZone::fixed(jiff::tz::offset(8));
        check(hour_after_noon_ms + 1, 12 * HOUR_MS, east, &["22:00", "00:00", "02:00", "04:00", "06:00", "08:00"]);
        check(0, 4 * DAY_MS, TimeZone::UTC, &["01-01", "01-02", "01-03", "01-04", "01-05"]);
    }
}
