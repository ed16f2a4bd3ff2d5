//! Bytes in double quotes, as Go's `%q` shows them: for error messages about bodies that need not be UTF-8.

use std::fmt;

use model::name;

/// Longer texts are cut here: an error is kept for each target and shown on a page.
const MAX_SHOWN_BYTES: usize = 1024;

/// Displays bytes in double quotes. What is not UTF-8 is shown as `\xHH`; what is too long ends in `…`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for chunk in cut(self.0).utf8_chunks() {
            let quoted = name::quoted(chunk.valid()).to_string();
            f.write_str(&quoted[1..quoted.len() - 1])?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        f.write_str(if self.0.len() > MAX_SHOWN_BYTES { "…\"" } else { "\"" })
    }
}

/// The first part of a text that is too long, not ending within a character.
fn cut(text: &[u8]) -> &[u8] {
    if text.len() <= MAX_SHOWN_BYTES {
        return text;
    }
    let is_inside_character = |at: usize| text[at] & 0b1100_0000 == 0b1000_0000;
    let end = (MAX_SHOWN_BYTES - 3..=MAX_SHOWN_BYTES).rev().find(|&at| !is_inside_character(at));
    &text[..end.unwrap_or(MAX_SHOWN_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_go_shows_them() {
        let check = |bytes: &[u8], shown: &str| assert_eq!(Quoted(bytes).to_string(), shown);
        check(b"", r#""""#);
        check(b"a\"b\\\n\t\0", r#""a\"b\\\n\t\x00""#);
        check(b"\xff\xfe ok \xc3", r#""\xff\xfe ok \xc3""#);
        check("é€".as_bytes(), "\"é€\"");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(MAX_SHOWN_BYTES);
        let shown = Quoted(&long.as_bytes()[1..]).to_string();
        assert!(shown.ends_with("é…\""), "{shown}");
        assert!(shown.len() < MAX_SHOWN_BYTES + 16);
    }
}
