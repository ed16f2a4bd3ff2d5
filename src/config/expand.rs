//! `$NAME` and `${NAME}` in external labels, as Go's `os.Expand` replaces them.

/// Replaces references to variables. `$$` is a dollar; a `$` before anything else stays. `missing` is told the names of
/// variables that are not set, or empty, for which nothing is put in.
pub(super) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>, mut missing: impl FnMut(&str)) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, n_bytes) = name_at(rest);
        match name {
            Some("$") => expanded.push('$'),
            Some(name) => match variable(name).filter(|value| !value.is_empty()) {
                Some(value) => expanded.push_str(&value),
                None => missing(name),
            },
            None if n_bytes == 0 => expanded.push('$'),
            None => {}
        }
        rest = &rest[n_bytes..];
    }
    expanded.push_str(rest);
    expanded
}

/// The name behind a `$`, and how many bytes belong to it; those of broken syntax are dropped without a name.
fn name_at(text: &str) -> (Option<&str>, usize) {
    let is_special = |c: char| c.is_ascii_digit() || "*#$@!?-".contains(c);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(inner) = text.strip_prefix('{') {
        return match inner.find('}') {
            None => (None, 1),
            Some(0) => (None, 2),
            Some(end) => (Some(&inner[..end]), end + 2),
        };
    }
    match text.chars().next() {
        Some(c) if is_special(c) => (Some(&text[..1]), 1),
        _ => {
            let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
            ((end > 0).then(|| &text[..end]), end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (text, want, want_missing) in [
            ("foo", "foo", ""),
            ("${TEST}", "V", ""),
            ("foo${TEST}bar", "fooVbar", ""),
            ("foo$TEST.bar", "fooV.bar", ""),
            ("foo$${TEST}", "foo${TEST}", ""),
            ("foo$$bar", "foo$bar", ""),
            ("$", "$", ""),
            ("a$ b", "a$ b", ""),
            ("${", "", ""),
            ("${}x", "x", ""),
            ("a${NONE}b$1", "ab", "NONE 1"),
            ("é$TESTé", "éVé", ""),
        ] {
            let mut missing = Vec::new();
            let variable = |name: &str| (name == "TEST").then(|| "V".to_owned());
            assert_eq!(expand(text, variable, |name| missing.push(name.to_owned())), want, "{text}");
            assert_eq!(missing.join(" "), want_missing, "{text}");
        }
    }
}
