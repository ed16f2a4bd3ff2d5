//! The JSON of a snapshot: one object, names and numbers, nothing else.
//!
//! It is read by hand because values must come out with the bits that Mesos put in, and because the names should
//! borrow from the body: they are the keys of the scrape cache.

use std::borrow::Cow;

use crate::parse::number;

/// What the names in a snapshot begin with, at least one of them.
const FIRST_SEGMENTS: [&str; 6] = ["master/", "slave/", "allocator/", "registrar/", "system/", "containerizer/"];

/// The names and numbers of a snapshot, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<'a> {
    /// Names as Mesos gives them.
    pub metrics: Vec<(Cow<'a, str>, f64)>,
}

/// Why a body is not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Something other than an object of names and numbers.
    #[error("not an object of names and numbers: expected {expected} at byte {at}")]
    Syntax {
        /// What was expected.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// None of the names is one of Mesos's.
    #[error("an object of numbers, but none of its names is one of Mesos's")]
    NotMesos,
}

impl<'a> Snapshot<'a> {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// When the body is anything else.
    pub fn parse(body: &'a [u8]) -> Result<Snapshot<'a>, SnapshotError> {
        let mut json = Json { body, at: 0 };
        let mut metrics = Vec::new();
        json.take(b'{', "an object")?;
        if json.skip_blanks() != Some(b'}') {
            loop {
                metrics.push(json.metric()?);
                match json.skip_blanks() {
                    Some(b',') => json.at += 1,
                    _ => break,
                }
            }
        }
        json.take(b'}', "a comma or a closing brace")?;
        match json.skip_blanks() {
            Some(_) => json.error("the end"),
            None if has_mesos_name(&metrics) => Ok(Snapshot { metrics }),
            None => Err(SnapshotError::NotMesos),
        }
    }
}

fn has_mesos_name(metrics: &[(Cow<'_, str>, f64)]) -> bool {
    metrics.iter().any(|(name, _)| FIRST_SEGMENTS.iter().any(|segment| name.starts_with(segment)))
}

struct Json<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Json<'a> {
    fn error<T>(&self, expected: &'static str) -> Result<T, SnapshotError> {
        Err(SnapshotError::Syntax { expected, at: self.at })
    }

    fn skip_blanks(&mut self) -> Option<u8> {
        let rest = &self.body[self.at..];
        let n_blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += n_blanks;
        rest.get(n_blanks).copied()
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), SnapshotError> {
        if self.skip_blanks() != Some(byte) {
            return self.error(expected);
        }
        self.at += 1;
        Ok(())
    }

    fn metric(&mut self) -> Result<(Cow<'a, str>, f64), SnapshotError> {
        let name = self.name()?;
        self.take(b':', "a colon")?;
        self.skip_blanks();
        Ok((name, self.number()?))
    }

    fn name(&mut self) -> Result<Cow<'a, str>, SnapshotError> {
        self.take(b'"', "a name")?;
        let start = self.at;
        loop {
            let rest = &self.body[self.at..];
            let Some(n_bytes) = memchr::memchr2(b'"', b'\\', rest) else { return self.error("a closing quote") };
            self.at += n_bytes;
            if self.body[self.at] == b'"' {
                break;
            }
            self.at = (self.at + 2).min(self.body.len());
        }
        let text = &self.body[start..self.at];
        self.at += 1;
        if memchr::memchr(b'\\', text).is_none() {
            return std::str::from_utf8(text).map(Cow::Borrowed).or_else(|_| self.error("UTF-8"));
        }
        // Escapes are rare enough to be left to someone who knows them all.
        serde_json::from_slice(&self.body[start - 1..self.at]).map(Cow::Owned).or_else(|_| self.error("a name"))
    }

    fn number(&mut self) -> Result<f64, SnapshotError> {
        let rest = &self.body[self.at..];
        let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let text = &rest[..rest.iter().take_while(is_part).count()];
        let value = number::float(text).or_else(|_| self.error("a number"))?;
        self.at += text.len();
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_come_in_their_order() {
        let body = br#" { "master/elected" : 1.0 , "a\/b\u00e9":-2.5e-3,"system/load_1min":0.1 } "#;
        let metrics = Snapshot::parse(body).unwrap().metrics;
        let expected = [("master/elected", 1.0), ("a/b\u{e9}", -0.0025), ("system/load_1min", 0.1)];
        assert_eq!(metrics, expected.map(|(name, value)| (Cow::from(name), value)));
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        let check = |body: &str, message: &str| {
            assert_eq!(Snapshot::parse(body.as_bytes()).unwrap_err().to_string(), message, "{body}");
        };
        let syntax =
            |expected: &str, at: usize| format!("not an object of names and numbers: expected {expected} at byte {at}");
        check("", &syntax("an object", 0));
        check("[1]", &syntax("an object", 0));
        check(r#"{"a" 1}"#, &syntax("a colon", 5));
        check(r#"{"a": "b"}"#, &syntax("a number", 6));
        check(r#"{"a": {}}"#, &syntax("a number", 6));
        check(r#"{"a": 1"#, &syntax("a comma or a closing brace", 7));
        check(r#"{"a": 1,}"#, &syntax("a name", 8));
        check(r#"{"a": 1} x"#, &syntax("the end", 9));
        check(r#"{"a\"#, &syntax("a closing quote", 4));
        check("{\"\\ud800\": 1}", &syntax("a name", 9));
        check("{}", "an object of numbers, but none of its names is one of Mesos's");
        check(r#"{"a": 1}"#, "an object of numbers, but none of its names is one of Mesos's");
    }
}
