//! Units in metric names: the base units that Prometheus recommends, and those that should be converted to them.

use super::rules::has_segment;

/// Units and what to use instead; base units stand for themselves.
const UNITS: [(&str, &str); 24] = [
    ("amperes", "amperes"),
    ("bytes", "bytes"),
    ("celsius", "celsius"),
    ("grams", "grams"),
    ("joules", "joules"),
    ("kelvin", "kelvin"),
    ("meters", "meters"),
    ("metres", "metres"),
    ("seconds", "seconds"),
    ("volts", "volts"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("weeks", "seconds"),
    ("kelvins", "kelvin"),
    ("fahrenheit", "celsius"),
    ("rankine", "celsius"),
    ("inches", "meters"),
    ("yards", "meters"),
    ("miles", "meters"),
    ("bits", "bytes"),
    ("calories", "joules"),
    ("pounds", "grams"),
    ("ounces", "grams"),
];

/// Multiples and fractions.
const PREFIXES: [&str; 18] = [
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mebi", "giga", "gibi",
    "tera", "tebi", "peta", "pebi",
];

/// Abbreviations that leave readers guessing.
const ABBREVIATIONS: [&str; 14] = ["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"];

/// The first unit in a name, if it is not a base unit, and its base unit.
pub(super) fn not_base(name: &str) -> Option<(&str, &'static str)> {
    let (unit, base) = name.split('_').find_map(|segment| base_of(segment).map(|base| (segment, base)))?;
    (unit != base).then_some((unit, base))
}

fn base_of(segment: &str) -> Option<&'static str> {
    let plain = |segment: &str| UNITS.iter().find(|(unit, _)| *unit == segment).map(|(_, base)| *base);
    let prefixed = || PREFIXES.iter().find_map(|prefix| segment.strip_prefix(prefix).and_then(plain));
    plain(segment).or_else(prefixed)
}

/// Whether a name in lower case holds an abbreviated unit.
pub(super) fn has_abbreviation(name: &str) -> bool {
    ABBREVIATIONS.iter().any(|abbreviation| has_segment(name, abbreviation))
}
