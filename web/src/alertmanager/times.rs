//! Times as this API reads and writes them.

use model::name::quoted;

use crate::time::{format_rfc3339, parse_rfc3339};

/// What stands for no time: Go's zero.
const ZERO_MS: i64 = -62_135_596_800_000;

/// A time in milliseconds since the Unix epoch; 0 for Go's zero. Without a zone it is UTC, and a day begins at midnight.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let readings = [text.to_owned(), format!("{text}Z"), format!("{text}T00:00:00Z")];
    let nanos = readings.iter().find_map(|text| parse_rfc3339(text));
    let millis = nanos.and_then(|nanos| i64::try_from(nanos.div_euclid(1_000_000)).ok());
    match millis {
        Some(ZERO_MS) => Ok(0),
        Some(millis) => Ok(millis),
        None => Err(format!("parsing time {0} as \"2006-01-02\": cannot parse {0} as a time", quoted(text))),
    }
}

/// `2006-01-02T15:04:05.000Z`, always with three decimals.
pub(super) fn format(time_ms: i64) -> String {
    let seconds = format_rfc3339(time_ms.div_euclid(1000) * 1000);
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), time_ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, want: Option<i64>| assert_eq!(parse(text).ok(), want, "{text}");
        check("", Some(0));
        check("0001-01-01T00:00:00Z", Some(0));
        check("0001-01-01T00:00:00.000Z", Some(0));
        check("1970-01-01T00:00:01.5Z", Some(1500));
        check("1970-01-01T01:00:01.001999+01:00", Some(1001));
        check("1970-01-01T00:00:02", Some(2000));
        check("1970-01-02", Some(86_400_000));
        check("x", None);
        check("1970-01-02T", None);
        for (time_ms, want) in
            [(0, "1970-01-01T00:00:00.000Z"), (1_500, "1970-01-01T00:00:01.500Z"), (-1, "1969-12-31T23:59:59.999Z")]
        {
            assert_eq!(format(time_ms), want);
        }
    }
}
