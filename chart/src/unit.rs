//! Values as people say them.

/// In what values count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Nothing in particular: 1.2 k.
    #[default]
    Plain,
    /// Each second: 1.2 k/s.
    PerSecond,
    /// Seconds: 350 ms.
    Seconds,
    /// Bytes: 1.5 GiB.
    Bytes,
    /// Bytes each second: 3 MiB/s.
    BytesPerSecond,
    /// Parts of one: 99.95 %.
    Ratio,
}

/// A multiple of a unit, and what it is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Multiple {
    pub(crate) factor: f64,
    pub(crate) name: &'static str,
}

const fn multiple(factor: f64, name: &'static str) -> Multiple {
    Multiple { factor, name }
}

const KIB: f64 = 1024.0;
const PLAIN: &[Multiple] = &[
    multiple(1e-9, "n"),
    multiple(1e-6, "µ"),
    multiple(1e-3, "m"),
    multiple(1.0, ""),
    multiple(1e3, "k"),
    multiple(1e6, "M"),
    multiple(1e9, "G"),
    multiple(1e12, "T"),
];
const PER_SECOND: &[Multiple] =
    &[multiple(1e-3, "m/s"), multiple(1.0, "/s"), multiple(1e3, "k/s"), multiple(1e6, "M/s"), multiple(1e9, "G/s")];
const SECONDS: &[Multiple] = &[
    multiple(1e-9, "ns"),
    multiple(1e-6, "µs"),
    multiple(1e-3, "ms"),
    multiple(1.0, "s"),
    multiple(60.0, "min"),
    multiple(3600.0, "h"),
    multiple(86400.0, "d"),
];
const BYTES: &[Multiple] = &[
    multiple(1.0, "B"),
    multiple(KIB, "KiB"),
    multiple(KIB * KIB, "MiB"),
    multiple(KIB * KIB * KIB, "GiB"),
    multiple(KIB * KIB * KIB * KIB, "TiB"),
];
const BYTES_PER_SECOND: &[Multiple] =
    &[multiple(1.0, "B/s"), multiple(KIB, "KiB/s"), multiple(KIB * KIB, "MiB/s"), multiple(KIB * KIB * KIB, "GiB/s")];
const RATIO: &[Multiple] = &[multiple(0.01, "%")];

impl Unit {
    /// The multiple in which a value of this size is said.
    pub(crate) fn multiple_for(self, size: f64) -> Multiple {
        let multiples = match self {
            Unit::Plain => PLAIN,
            Unit::PerSecond => PER_SECOND,
            Unit::Seconds => SECONDS,
            Unit::Bytes => BYTES,
            Unit::BytesPerSecond => BYTES_PER_SECOND,
            Unit::Ratio => RATIO,
        };
        let one = multiples.iter().find(|multiple| multiple.factor == 1.0).or(multiples.first());
        let fits = |multiple: &&Multiple| size >= multiple.factor;
        let found = if size > 0.0 { multiples.iter().rfind(fits).or(multiples.first()) } else { one };
        found.copied().unwrap_or(multiple(1.0, ""))
    }

    /// A value in words, with at most three significant digits: `2.1 s`, `350 ms`, `1.2 k/s`, `99.95 %`.
    pub fn text(self, value: f64) -> String {
        let multiple = self.multiple_for(value.abs());
        let scaled = value / multiple.factor;
        let n_decimals = match scaled.abs() {
            // What is nearly all is told from all by its decimals.
            size if self == Unit::Ratio && (99.0..100.0).contains(&size) => 2,
            size if size >= 100.0 => 0,
            size if size >= 10.0 => 1,
            _ => 2,
        };
        joined(&trimmed(scaled, n_decimals), multiple.name)
    }
}

/// A number with at most so many decimals, without zeros at its end.
pub(crate) fn trimmed(value: f64, n_decimals: usize) -> String {
    let text = format!("{value:.n_decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text.as_str() };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A number and a unit: `1.2 k/s`, but `12/s`.
pub(crate) fn joined(number: &str, unit: &str) -> String {
    match unit {
        "" => number.to_owned(),
        unit if unit.starts_with('/') => format!("{number}{unit}"),
        unit => format!("{number}\u{a0}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_words() {
        let check = |unit: Unit, value: f64, want: &str| {
            assert_eq!(unit.text(value).replace('\u{a0}', " "), want, "{unit:?} {value}");
        };
        check(Unit::Plain, 0.0, "0");
        check(Unit::Plain, 1234.0, "1.23 k");
        check(Unit::Plain, -0.001, "-1 m");
        check(Unit::Plain, 42.0, "42");
        check(Unit::PerSecond, 12.0, "12/s");
        check(Unit::PerSecond, 1200.0, "1.2 k/s");
        check(Unit::Seconds, 0.35, "350 ms");
        check(Unit::Seconds, 2.1, "2.1 s");
        check(Unit::Seconds, 5400.0, "1.5 h");
        check(Unit::Bytes, 1.5 * 1024.0 * 1024.0 * 1024.0, "1.5 GiB");
        check(Unit::BytesPerSecond, 2048.0, "2 KiB/s");
        check(Unit::Ratio, 0.9995, "99.95 %");
        check(Unit::Ratio, 0.012, "1.2 %");
        check(Unit::Ratio, 0.0, "0 %");
    }
}
