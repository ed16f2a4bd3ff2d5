//! A configuration without what is our own, for Prometheus and promtool.

use model::yaml::{Document, Problem};

/// The text without the section `narthex`. All else stays as it was written, comments included.
///
/// # Errors
/// When the text is not YAML.
pub(crate) fn for_prometheus(text: &str) -> Result<String, Problem> {
    let document = Document::parse(text)?;
    let keys = document.keys(&[]);
    let Some(index) = keys.iter().position(|(key, _)| *key == "narthex") else { return Ok(text.to_owned()) };
    let start = line_start(text, keys[index].1.start);
    let next = keys[index + 1..].iter().map(|(_, span)| line_start(text, span.start)).find(|next| *next > start);
    let end = next.map_or(text.len(), |next| comment_start(text, start, next));
    Ok([&text[..start], &text[end..]].concat())
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the comments begin that stand directly above a line, but behind another.
fn comment_start(text: &str, from: usize, line: usize) -> usize {
    let mut start = line;
    while start > from {
        let above = line_start(text, start - 1);
        if above <= from || !text[above..start].starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_section_goes() {
        let check = |text: &str, want: &str| assert_eq!(for_prometheus(text).unwrap(), want);
        check("a: 1\n", "a: 1\n");
        check("a: 1\nnarthex:\n  slo_files: [x]\n", "a: 1\n");
        check("# c\nnarthex: {language: en}\n\n# d\n# e\nb: 2 # f\n", "# c\n# d\n# e\nb: 2 # f\n");
        check("narthex:\n  tokens:\n  # inner\n  - name: x\nb: 2\n", "b: 2\n");
        check("narthex:\n", "");
    }
}
