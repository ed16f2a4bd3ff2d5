//! Key–value pairs of a query string or of an `application/x-www-form-urlencoded` body.
//!
//! Pairs keep their order; [`Form::get`] answers with the first of a key. A pair that cannot be decoded is left out and
//! its error kept, because Go's `FormValue` does so and callers of the API rely on it; who wants to be strict asks
//! [`Form::error`].

use std::borrow::Cow;

use crate::percent::{self, PercentError, Place};

/// The media type of a body with such pairs.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// Pairs that are taken at most; more are an error, so that a body full of `&a&a&a` costs no memory.
pub const MAX_PAIRS: usize = 10_000;

/// Why a pair was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Key or value could not be decoded.
    #[error(transparent)]
    Percent(#[from] PercentError),
    /// A `;`, which some take for a separator and others don't.
    #[error("invalid semicolon separator in query")]
    Semicolon,
    /// More than [`MAX_PAIRS`] pairs.
    #[error("too many parameters: limit is {MAX_PAIRS}")]
    TooManyPairs,
}

/// Decoded pairs in their order.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pairs: Vec<(String, String)>,
    error: Option<FormError>,
}

impl Form {
    /// Decodes `a=1&b=2`.
    pub fn parse(text: &str) -> Form {
        let mut form = Form::default();
        form.extend_from_text(text);
        form
    }

    /// Adds the pairs of another text behind those that are there.
    pub fn extend_from_text(&mut self, text: &str) {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            match decode_pair(pair) {
                Ok(_) if self.pairs.len() == MAX_PAIRS => {
                    self.error.get_or_insert(FormError::TooManyPairs);
                    return;
                }
                Ok((key, value)) => self.pairs.push((key.into_owned(), value.into_owned())),
                Err(error) => {
                    self.error.get_or_insert(error);
                }
            }
        }
    }

    /// Adds the pairs of another form behind those that are there.
    pub fn extend(&mut self, other: Form) {
        let n_free = MAX_PAIRS - self.pairs.len();
        if other.pairs.len() > n_free {
            self.error.get_or_insert(FormError::TooManyPairs);
        }
        self.pairs.extend(other.pairs.into_iter().take(n_free));
        self.error = self.error.take().or(other.error);
    }

    /// The first value of a key; empty where it is not given.
    pub fn get(&self, key: &str) -> &str {
        self.all(key).next().unwrap_or_default()
    }

    /// All values of a key.
    pub fn all<'a, 'k>(&'a self, key: &'k str) -> impl Iterator<Item = &'a str> + use<'a, 'k> {
        self.pairs.iter().filter(move |(candidate, _)| candidate == key).map(|(_, value)| value.as_str())
    }

    /// The first thing that was wrong.
    pub fn error(&self) -> Option<&FormError> {
        self.error.as_ref()
    }
}

fn decode_pair(pair: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), FormError> {
    if pair.contains(';') {
        return Err(FormError::Semicolon);
    }
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    Ok((percent::decode(key, Place::Query)?, percent::decode(value, Place::Query)?))
}

/// Encodes pairs as `a=1&b=2`, in the order given.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        percent::encode_into(&mut out, key, Place::Query);
        out.push('=');
        percent::encode_into(&mut out, value, Place::Query);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_what_is_wrong_with_them() {
        let check = |text: &str, want: &[(&str, &str)], error: Option<&str>| {
            let form = Form::parse(text);
            let pairs: Vec<_> = form.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!((pairs.as_slice(), form.error().map(ToString::to_string).as_deref()), (want, error), "{text:?}");
        };
        check("", &[], None);
        check("query=up&time=1.5", &[("query", "up"), ("time", "1.5")], None);
        check("match[]=a&match%5B%5D=b", &[("match[]", "a"), ("match[]", "b")], None);
        check("a&b=&=c&&d=1=2", &[("a", ""), ("b", ""), ("", "c"), ("d", "1=2")], None);
        check("q=sum%28x%29+%2B+1", &[("q", "sum(x) + 1")], None);
        check("a=%zz&b=2", &[("b", "2")], Some("invalid URL escape \"%zz\""));
        check("a=1;b=2&c=3", &[("c", "3")], Some("invalid semicolon separator in query"));
        check("a=%ff", &[], Some("invalid UTF-8 in URL"));
    }

    #[test]
    fn the_first_of_a_key_counts_and_missing_is_empty() {
        let mut form = Form::parse("a=1&a=2");
        form.extend_from_text("b=3&a=4");
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), ("1", "3", ""));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2", "4"]);
    }

    #[test]
    fn too_many_pairs_are_an_error_and_cost_no_memory() {
        let form = Form::parse(&"a&".repeat(MAX_PAIRS + 5));
        assert_eq!((form.pairs.len(), form.error()), (MAX_PAIRS, Some(&FormError::TooManyPairs)));
    }

    #[test]
    fn encoded_pairs_come_back() {
        let text = encode([("match[]", "{a=\"b\"}"), ("x", "ä &;")]);
        assert_eq!(text, "match%5B%5D=%7Ba%3D%22b%22%7D&x=%C3%A4+%26%3B");
        let form = Form::parse(&text);
        assert_eq!((form.get("match[]"), form.get("x")), ("{a=\"b\"}", "ä &;"));
    }
}
