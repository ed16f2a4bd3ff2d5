//! Matchers as they are written on a command line.

use alerting::matcher::{Grammar, Matcher};
use model::MatchOp;

use super::object::{SilenceMatcher, Texts};

/// Texts of matchers; the first may be the value of `alertname` alone.
pub(super) fn texts(arguments: &[String]) -> Vec<String> {
    let mut texts = arguments.to_vec();
    if let Some(first) = texts.first_mut()
        && Grammar::Fallback.matcher(first).is_err()
    {
        *first = format!("alertname={}", model::name::quoted(first));
    }
    texts
}

/// The matchers themselves.
pub(super) fn parsed(arguments: &[String]) -> Result<Vec<Matcher>, String> {
    texts(arguments).iter().map(|text| Grammar::Fallback.matcher(text).map_err(|error| error.to_string())).collect()
}

/// Labels or annotations, which are written as `name=value`.
pub(super) fn pairs(arguments: &[String], what: &str) -> Result<Texts, String> {
    let pair = |text: &String| {
        let matcher = Grammar::Fallback.matcher(text).map_err(|error| error.to_string())?;
        match matcher.op() {
            MatchOp::Equal => Ok((matcher.name().to_owned(), matcher.value().to_owned())),
            _ => Err(format!("{what} must be specified as key=value pairs")),
        }
    };
    arguments.iter().map(pair).collect()
}

/// A matcher as the API takes it.
pub(super) fn of_silence(matcher: &Matcher) -> SilenceMatcher {
    SilenceMatcher {
        name: matcher.name().to_owned(),
        value: matcher.value().to_owned(),
        is_regex: matcher.is_regex(),
        is_equal: matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_may_be_a_name() {
        let check = |arguments: &[&str], want: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(texts(&arguments), want, "{arguments:?}");
        };
        check(&[], &[]);
        check(&["foo"], &["alertname=\"foo\""]);
        check(&["foo", "node=bar"], &["alertname=\"foo\"", "node=bar"]);
        check(&["alertname=~foo.*"], &["alertname=~foo.*"]);
        check(&["a \"b\""], &["alertname=\"a \\\"b\\\"\""]);
    }
}
