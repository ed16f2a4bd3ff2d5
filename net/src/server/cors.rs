//! Cross-origin requests: who may read our answers from a page of another origin (`--web.cors.origin`).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue};
use model::regex::{GoRegex, RegexError};

/// The pattern that lets everybody in.
const EVERYBODY: &str = ".*";

/// Who may read.
#[derive(Clone, Debug)]
pub struct Cors {
    /// `None` for everybody.
    origin: Option<GoRegex>,
}

impl Cors {
    /// Lets in origins that match `pattern` as a whole.
    ///
    /// # Errors
    /// When the pattern is not a regular expression.
    pub fn new(pattern: &str) -> Result<Cors, RegexError> {
        let origin = if pattern == EVERYBODY { None } else { Some(GoRegex::anchored(pattern)?) };
        Ok(Cors { origin })
    }

    /// Whether pages of an origin are named as those that may ask: everybody is not a name.
    pub fn trusts(&self, origin: &str) -> bool {
        self.origin.as_ref().is_some_and(|pattern| pattern.is_match(origin))
    }

    /// Adds to a response what the `Origin` of its request calls for.
    pub fn answer(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        response.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| !origin.is_empty()) else { return };
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_HEADERS, "Accept, Authorization, Content-Type, Origin"),
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
            (ACCESS_CONTROL_EXPOSE_HEADERS, "Date"),
        ] {
            response.insert(name, HeaderValue::from_static(value));
        }
        match &self.origin {
            None => {
                response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Some(pattern) if origin.to_str().is_ok_and(|origin| pattern.is_match(origin)) => {
                response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let check = |pattern: &str, origin: &str, want: Option<&str>| {
            let mut response = HeaderMap::new();
            Cors::new(pattern).unwrap().answer(Some(&origin.parse().unwrap()), &mut response);
            let got = response.get(ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap());
            assert_eq!((got, response.get(VARY).unwrap().to_str().unwrap()), (want, "Origin"), "{pattern} {origin}");
            assert_eq!(response.contains_key(ACCESS_CONTROL_ALLOW_METHODS), !origin.is_empty());
        };
        check(".*", "https://a", Some("*"));
        check(".*", "", None);
        check("https?://(a|b)", "https://a", Some("https://a"));
        check("https?://(a|b)", "https://ab", None);
        assert!(Cors::new("(").is_err());
    }
}
