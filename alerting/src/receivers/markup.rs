//! Labels that a receiver's markup does not take for markup.
//!
//! Labels come from whoever is scraped. Where a receiver reads markup, a label could call everybody in a channel, or be a
//! link that shows one address and leads to another; so what could is taken apart: by entities for Slack, by a space of no
//! width elsewhere, because not two dialects of Markdown agree on a way to escape. Addresses that are shown as they are
//! stay: they lead where they say. Annotations are written by whoever writes rules, and may hold markup: in them only what
//! comes from the labels is taken apart. Robots, whose templates are ours, get nothing but texts.

use model::Labels;

/// Between what must not stand together.
const APART: char = '\u{200b}';

/// Whom a receiver lets one call by a word behind `@`.
const CALLED: [&str; 4] = ["all", "here", "channel", "everyone"];

/// A language of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    /// None, or one for which templates escape.
    Plain,
    /// A dialect of Markdown; annotations may be written in it.
    Markdown,
    /// A dialect of Markdown; annotations are texts.
    Robot,
    /// Slack's `mrkdwn`; annotations may be written in it.
    Slack,
}

impl Markup {
    /// Labels that are only text.
    pub(super) fn labels(self, labels: &Labels) -> Labels {
        if labels.iter().all(|(name, value)| self.is_harmless(name) && self.is_harmless(value)) {
            return labels.clone();
        }
        let made: Vec<_> = labels.iter().map(|(name, value)| (self.harmless(name), self.harmless(value))).collect();
        Labels::from_pairs(made.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Annotations in which what comes from labels is only text.
    pub(super) fn annotations<'l>(self, annotations: &Labels, labels: impl IntoIterator<Item = &'l Labels>) -> Labels {
        if self == Markup::Robot {
            return self.labels(annotations);
        }
        let is_harmful = |text: &&str| !self.is_harmless(text);
        let texts = labels.into_iter().flat_map(|labels| labels.iter()).flat_map(|(name, value)| [name, value]);
        let mut harmful: Vec<&str> = texts.filter(is_harmful).collect();
        if harmful.is_empty() {
            return annotations.clone();
        }
        harmful.sort_by_key(|text| std::cmp::Reverse(text.len()));
        harmful.dedup();
        let made: Vec<_> = annotations.iter().map(|(name, value)| (name, self.without(value, &harmful))).collect();
        Labels::from_pairs(made.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// A text in which others are only text.
    fn without(self, text: &str, harmful: &[&str]) -> String {
        harmful.iter().fold(text.to_owned(), |text, part| match text.contains(part) {
            true => text.replace(part, &self.harmless(part)),
            false => text,
        })
    }

    fn is_harmless(self, text: &str) -> bool {
        match self {
            Markup::Plain => true,
            Markup::Slack => !text.contains(['<', '>', '&']),
            Markup::Markdown | Markup::Robot => !text.contains([']', '<', '@', '[', '|', '!']),
        }
    }

    /// A text that is only text.
    pub(super) fn harmless(self, text: &str) -> String {
        match self {
            Markup::Plain => text.to_owned(),
            Markup::Slack => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            Markup::Markdown | Markup::Robot => apart(text),
        }
    }
}

/// A text whose Markdown is taken apart.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        if is_markup(c, &text[at + c.len_utf8()..]) {
            out.push(APART);
        }
    }
    out
}

/// Whether a character begins a link, a picture, an element or a call, with what stands behind it.
fn is_markup(c: char, rest: &str) -> bool {
    match c {
        ']' => rest.starts_with(['(', '[', ':']) || rest.trim_start().starts_with(['(', '[']),
        '!' => rest.starts_with('['),
        '[' => rest.starts_with('~'),
        '|' => rest.starts_with("http") || rest.starts_with("mailto"),
        '<' => rest.starts_with(|c: char| c.is_alphabetic() || "@!#/&".contains(c)),
        '@' => {
            CALLED.iter().any(|called| rest.get(..called.len()).is_some_and(|word| word.eq_ignore_ascii_case(called)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_apart() {
        let markdown = |text: &str, want: &str| {
            assert_eq!(Markup::Markdown.harmless(text).replace(APART, "·"), want, "{text}");
        };
        markdown("a > b, a < 3, a@b.example, [x] (y", "a > b, a < 3, a@b.example, [x]· (y");
        markdown("[click](http://evil)", "[click]·(http://evil)");
        markdown("![](http://evil/x.png)", "!·[]·(http://evil/x.png)");
        markdown("[a][b] [a]: http://evil", "[a]·[b]· [a]·: http://evil");
        markdown("<@user> <at id=all></at> <font> <http://evil>", "<·@user> <·at id=all><·/at> <·font> <·http://evil>");
        markdown("@all @Everyone @here!", "@·all @·Everyone @·here!");
        markdown("[~admin] [text|http://evil]", "[·~admin]· [text|·http://evil]");
        markdown("http://host:9115/probe", "http://host:9115/probe");
        let slack = |text: &str, want: &str| assert_eq!(Markup::Slack.harmless(text), want);
        slack("<!channel> <http://evil|here> a&b", "&lt;!channel&gt; &lt;http://evil|here&gt; a&amp;b");
        assert_eq!(Markup::Plain.harmless("<!channel>[a](b)"), "<!channel>[a](b)");
    }

    #[test]
    fn annotations_keep_their_own_markup() {
        let labels = Labels::from_pairs([("path", "<!channel>"), ("job", "a")]);
        let annotations = Labels::from_pairs([("text", "<!here> <http://wiki|runbook> of <!channel>")]);
        let check = |markup: Markup, want: &str| {
            let made = markup.annotations(&annotations, [&labels]);
            assert_eq!(made.get("text").unwrap().replace(APART, "·"), want);
        };
        check(Markup::Slack, "<!here> <http://wiki|runbook> of &lt;!channel&gt;");
        check(Markup::Plain, "<!here> <http://wiki|runbook> of <!channel>");
        check(Markup::Markdown, "<!here> <http://wiki|runbook> of <·!channel>");
        check(Markup::Robot, "<·!here> <·http://wiki|runbook> of <·!channel>");
    }
}
