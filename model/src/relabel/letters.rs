//! Upper and lower case, letter by letter, as Go's `strings.ToUpper` and `ToLower` do it.
//!
//! Rust's own go by whole texts (`ß` becomes `SS`, a final sigma `ς`), which would give other label values.

/// A text in capitals.
pub(super) fn uppercase(text: &str) -> String {
    text.chars().map(upper).collect()
}

/// A text in small letters.
pub(super) fn lowercase(text: &str) -> String {
    text.chars().map(lower).collect()
}

fn upper(c: char) -> char {
    match (c, one(c.to_uppercase())) {
        (_, Some(upper)) => upper,
        // Greek letters with an iota written below have a capital, though Rust writes that iota beside it.
        ('ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ', None) => shifted(c, 8),
        ('ᾳ' | 'ῃ' | 'ῳ', None) => shifted(c, 9),
        (_, None) => c,
    }
}

fn lower(c: char) -> char {
    // Only the Turkish capital with a dot becomes two characters.
    one(c.to_lowercase()).unwrap_or('i')
}

fn one(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(c as u32 + by).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_rust_writes_otherwise() {
        for (text, lower, upper) in [
            ("bAr123Foo", "bar123foo", "BAR123FOO"),
            ("Straße ﬁ", "straße ﬁ", "STRAßE ﬁ"),
            ("ΟΔΟΣ", "οδοσ", "ΟΔΟΣ"),
            ("ᾳᾴᾧ", "ᾳᾴᾧ", "ᾼᾴᾯ"),
            ("İ", "i", "İ"),
        ] {
            assert_eq!((lowercase(text).as_str(), uppercase(text).as_str()), (lower, upper), "{text}");
        }
    }
}
