//! Tokens: long random texts of which only the SHA-256 is known here.
//!
//! A client shows one as `Authorization: Bearer TOKEN`, or, since that is all that a browser asks for, as the password of a
//! user who has the token's name. They are long and random, so one round of a fast hash is enough; all of them are compared,
//! so that the time tells nothing.

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::passwords::basic_credentials;

/// A token longer than this is wrong.
const MAX_TOKEN_BYTES: usize = 1024;
/// Bytes of a SHA-256.
const HASH_LEN: usize = 32;

/// The tokens that are let in.
#[derive(Debug, Default)]
pub struct Tokens(Vec<Token>);

#[derive(Debug)]
struct Token {
    name: String,
    sha256: [u8; HASH_LEN],
}

impl Tokens {
    /// Tokens by their names and SHA-256 in hexadecimal digits. One that is no SHA-256 lets nobody in.
    pub fn new<'a>(tokens: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tokens {
        let token =
            |(name, digits): (&str, &str)| bytes_of(digits).map(|sha256| Token { name: name.to_owned(), sha256 });
        Tokens(tokens.into_iter().filter_map(token).collect())
    }

    /// Whether nobody can come in with a token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the token that a request shows.
    pub(super) fn name_shown(&self, headers: &HeaderMap) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let (name, text) = match bearer(headers) {
            Some(text) => (None, text),
            None => basic_credentials(headers).map(|(name, password)| (Some(name), password))?,
        };
        if text.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let shown = digest(&SHA256, text.as_bytes());
        let mut found = None;
        for token in &self.0 {
            let is_same = bool::from(token.sha256.as_slice().ct_eq(shown.as_ref()));
            if is_same && name.as_ref().is_none_or(|name| *name == token.name) {
                found = Some(token.name.as_str());
            }
        }
        found
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, text) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim().to_owned())
}

fn bytes_of(digits: &str) -> Option<[u8; HASH_LEN]> {
    if digits.len() != 2 * HASH_LEN || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; HASH_LEN];
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Of `secret`.
    const SHA256_OF_SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn who_is_let_in() {
        let tokens = Tokens::new([("ci", SHA256_OF_SECRET), ("broken", "abc"), ("none", &"zz".repeat(32))]);
        assert_eq!(tokens.0.len(), 1, "what is no SHA-256 is nobody's");
        let check = |authorization: &str, want: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, authorization.parse().unwrap());
            assert_eq!(tokens.name_shown(&headers), want, "{authorization}");
        };
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        check("Bearer secret", Some("ci"));
        check("bearer  secret", Some("ci"));
        check(&basic("ci:secret"), Some("ci"));
        check(&basic("other:secret"), None);
        check("Bearer Secret", None);
        check("Bearer", None);
        check("Token secret", None);
        check(&format!("Bearer {}", "x".repeat(2000)), None);
        assert_eq!(tokens.name_shown(&HeaderMap::new()), None);
    }
}
