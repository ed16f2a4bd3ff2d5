//! From a byte of a scalar's value to the byte of the file where it stands.

use model::yaml::Span;

/// The byte of a file at which the byte `offset` of the value of a scalar stands.
///
/// YAML folds and indents: what is between words may be written otherwise than it is read, words may not. So the words of
/// the value are looked for one letter after the other behind the scalar's beginning. Escapes in double quotes may move the
/// place by a few bytes.
pub fn within_scalar(text: &str, scalar: Span, value: &str, offset: usize) -> usize {
    let raw = &text[scalar.start..scalar.end];
    // The head of a block scalar is no part of the value: `|`, `>-`, and what is said behind them.
    let head = if raw.starts_with(['|', '>']) { raw.find('\n').unwrap_or(0) } else { 0 };
    let mut at = head;
    let mut end_of_last = head;
    for (index, letter) in value.char_indices().filter(|(_, letter)| !letter.is_whitespace()) {
        let Some(found) = raw[at..].find(letter) else { break };
        if index >= offset {
            return scalar.start + at + found;
        }
        at += found + letter.len_utf8();
        end_of_last = at;
    }
    scalar.start + end_of_last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_found_where_they_are_written() {
        let check = |text: &str, value: &str, of: &str| {
            let offset = value.find(of).unwrap_or(value.len());
            let found = within_scalar(text, Span { start: 0, end: text.len() }, value, offset);
            assert!(text[found..].starts_with(of), "{text:?} {value:?}: {:?}", &text[found..]);
        };
        check("sum(x)", "sum(x)", "x)");
        check("|\n  a\n    + b\n", "a\n  + b\n", "+ b");
        check(">-\n  a\n  + b", "a + b", "b");
        check("'up{a=''b''} > c'", "up{a='b'} > c", "> c");
        check("sum(\n      a)", "sum( a)", "a)");
        check("sum(x", "sum(x", "");
    }
}
