//! Configurations without what is our own: for Prometheus and promtool, for Alertmanager and amtool.

use model::yaml::{Document, Problem, Step};

/// The text without the section `narthex`. All else stays as it was written, comments included.
///
/// # Errors
/// When the text is not YAML.
pub(crate) fn for_prometheus(text: &str) -> Result<String, Problem> {
    without_sections(text, &[])
}

/// The text of an `alertmanager.yml` without the section `narthex` and without the receivers that Alertmanager does not have.
/// All else stays as it was written, comments included. What stands on one line with other things goes with them.
///
/// # Errors
/// When the text is not YAML.
pub(crate) fn for_alertmanager(text: &str) -> Result<String, Problem> {
    without_sections(text, &["wecom_robot_configs", "dingtalk_configs", "feishu_configs"])
}

/// The text without the section `narthex`, and without some keys of each of `receivers`.
fn without_sections(text: &str, of_receivers: &[&str]) -> Result<String, Problem> {
    let document = Document::parse(text)?;
    let mut cuts: Vec<(usize, usize)> = cut(text, &document, &[], "narthex").into_iter().collect();
    let receiver = |index| [Step::Key("receivers".to_owned()), Step::Index(index)];
    let n_receivers = (0..).take_while(|index| document.find(&receiver(*index)).is_some()).count();
    for index in 0..n_receivers {
        cuts.extend(of_receivers.iter().filter_map(|key| cut(text, &document, &receiver(index), key)));
    }
    cuts.sort_unstable();
    let (mut stripped, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in cuts {
        stripped.push_str(&text[at..start.max(at)]);
        at = end.max(at);
    }
    stripped.push_str(&text[at..]);
    Ok(stripped)
}

/// From where to where the lines of a key in a section reach; `None` where it is not there.
fn cut(text: &str, document: &Document, section: &[Step], key: &str) -> Option<(usize, usize)> {
    let keys = document.keys(section);
    let index = keys.iter().position(|(name, _)| *name == key)?;
    let start = line_start(text, keys[index].1.start);
    let next = keys[index + 1..].iter().map(|(_, span)| line_start(text, span.start)).find(|next| *next > start);
    let end = match next {
        Some(next) => comment_start(text, start, next),
        None if section.is_empty() => text.len(),
        None => {
            let path: Vec<Step> = section.iter().cloned().chain([Step::Key(key.to_owned())]).collect();
            let (value, _) = document.find(&path)?;
            // A block ends where the next begins.
            let end = text[..value.end].trim_end().len();
            text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1)
        }
    };
    Some((start, end))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the comments begin that stand directly above a line and as far to the right, but behind another line.
fn comment_start(text: &str, from: usize, line: usize) -> usize {
    let indent = |at: usize| text[at..].len() - text[at..].trim_start_matches(' ').len();
    let mut start = line;
    while start > from {
        let above = line_start(text, start - 1);
        if above <= from || indent(above) != indent(line) || !text[above + indent(above)..start].starts_with('#') {
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

    #[test]
    fn receivers_of_our_own_go() {
        let check = |text: &str, want: &str| assert_eq!(for_alertmanager(text).unwrap(), want);
        check(
            "receivers:\n- name: a\n  feishu_configs:\n  - url: x\n    # c\n    secret: y\n- name: b\n  \
             dingtalk_configs:\n  - url: z\n  # d\n  webhook_configs: [{url: w}]\nnarthex: {fallback_receiver: b}\nroute: \
             {receiver: a}\n",
            "receivers:\n- name: a\n- name: b\n  # d\n  webhook_configs: [{url: w}]\nroute: {receiver: a}\n",
        );
        check("receivers:\n- name: a\n  feishu_configs: [{url: x}]", "receivers:\n- name: a\n");
    }
}
