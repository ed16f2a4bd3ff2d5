//! What came of an import, in words.

use tsdb::import::Written;
use tsdb::prometheus::Outcome;

const DAY_MS: i64 = 24 * 3_600_000;
/// What is kept where nothing is said.
const DEFAULT_RETENTION_DAYS: i64 = 15;

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time as RFC 3339; the number where there is no such time.
pub(crate) fn time(timestamp_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(timestamp_ms)
        .map_or_else(|_| format!("{timestamp_ms} ms"), |time| time.to_string())
}

/// Bytes in the unit that fits.
pub(crate) fn bytes(n_bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units.iter().find(|(_, size)| n_bytes >= *size);
    unit.map_or(format!("{n_bytes} B"), |(name, size)| format!("{:.1} {name}", n_bytes as f64 / *size as f64))
}

/// What was imported, what was left out and why.
pub(super) fn summary(outcome: &Outcome, now_ms: i64) -> String {
    let mut text = written(&outcome.written, outcome.n_series());
    let mut also = |count: u64, what: &str| {
        if count > 0 {
            text.push_str(&format!("{} {what}\n", grouped(count)));
        }
    };
    also(outcome.n_deleted, "samples left out: they had been deleted");
    also(outcome.n_repeated, "samples left out: they stood there twice");
    also(outcome.n_unknown, "samples left out: the log does not say of which series");
    also(outcome.n_schemas, "native histograms left out: their schema is not known");
    also(outcome.n_exemplars, "records of exemplars left out: they are not kept");
    also(outcome.n_metadata, "records of metadata left out: they come anew with the next scrape");
    also(outcome.n_damaged, "damaged places left out, named above");
    let oldest = outcome.written.interval.map(|(first_ms, _)| first_ms);
    if oldest.is_some_and(|oldest_ms| oldest_ms < now_ms - DEFAULT_RETENTION_DAYS * DAY_MS) {
        text.push_str(&format!(
            "Some of it is older than {DEFAULT_RETENTION_DAYS} days: narthex deletes that, unless --storage.tsdb.retention.time says otherwise\n"
        ));
    }
    text
}

fn written(written: &Written, n_series: u64) -> String {
    let known = match written.n_known_blocks {
        0 => String::new(),
        n => format!("{} blocks with {} samples were there already\n", grouped(n), grouped(written.n_known_samples)),
    };
    let Some((first_ms, last_ms)) = written.interval else { return format!("nothing new was found\n{known}") };
    let a_sample = written.n_bytes as f64 / written.n_samples as f64;
    format!(
        "{} samples of {} series in {} blocks\nfrom {} to {}\n{}, {a_sample:.2} bytes a sample with all indexes\n{known}",
        grouped(written.n_samples),
        grouped(n_series),
        grouped(written.n_blocks),
        time(first_ms),
        time(last_ms),
        bytes(written.n_bytes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(grouped), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1536, 5 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
    }

    #[test]
    fn what_is_left_out_has_a_reason() {
        let written = Written {
            n_blocks: 2,
            n_samples: 1_000_000,
            n_series: 10,
            n_bytes: 500_000,
            n_known_blocks: 1,
            n_known_samples: 7,
            interval: Some((0, 1_000)),
        };
        let mut outcome = Outcome::default();
        (outcome.written, outcome.n_deleted, outcome.n_damaged) = (written, 3, 1);
        let text = summary(&outcome, 100 * DAY_MS);
        for line in [
            "1,000,000 samples of 0 series in 2 blocks",
            "from 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z",
            "488.3 KiB, 0.50 bytes a sample with all indexes",
            "1 blocks with 7 samples were there already",
            "3 samples left out: they had been deleted",
            "1 damaged places left out, named above",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}: {text}");
        }
        assert!(text.contains("older than 15 days"), "{text}");
        assert!(summary(&Outcome::default(), 0).starts_with("nothing new was found"));
    }
}
