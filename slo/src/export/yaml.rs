//! Writing YAML to the letter as the libraries of Go do: where they quote, where they break lines, how they indent.
//!
//! Whoever generated rules with Sloth until now has them in git. With the same letters, what changes when narthex writes them
//! is what `diff` shows. `model::yaml::to_yaml` writes what people read first; it has another hand.
//!
//! A text that another reader could take for a number, a boolean, a time or nothing is quoted.

use model::yaml::Document;

/// Beyond this column a text is broken at the next space.
const WIDTH: usize = 80;
/// Spaces of a level.
const STEP: usize = 2;

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A text.
    Text(String),
    /// A number or a boolean, as it is written.
    Bare(String),
    /// One after the other.
    List(Vec<Node>),
    /// By name, in this order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A text.
    pub fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    /// A number or a boolean, as it is written.
    pub fn bare(text: impl Into<String>) -> Node {
        Node::Bare(text.into())
    }

    /// A mapping of texts.
    pub fn texts<'t>(entries: impl IntoIterator<Item = (&'t String, &'t String)>) -> Node {
        Node::Map(entries.into_iter().map(|(name, text)| (name.clone(), Node::text(text))).collect())
    }

    /// The document's text; it ends with a line break.
    pub fn to_text(&self) -> String {
        let mut writer = Writer::default();
        match self {
            Node::Map(entries) if !entries.is_empty() => writer.write_entries(entries, 0),
            Node::List(elements) if !elements.is_empty() => writer.write_elements(elements, 0),
            _ => {
                writer.write_value(self, 0);
                writer.out = writer.out.trim_start().to_owned();
            }
        }
        writer.out
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The characters of the line so far.
    column: usize,
}

impl Writer {
    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn start_line(&mut self, indent: usize) {
        self.push('\n');
        self.indent(indent);
    }

    fn indent(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.push(' '));
    }

    /// The entries of a mapping, the first at the column where the writer stands.
    fn write_entries(&mut self, entries: &[(String, Node)], indent: usize) {
        for (i, (name, value)) in entries.iter().enumerate() {
            if i > 0 {
                self.indent(indent);
            }
            self.write_key(name);
            self.push(':');
            self.write_value(value, indent);
        }
    }

    /// What follows a key or a dash, with the end of the line.
    fn write_value(&mut self, value: &Node, indent: usize) {
        match value {
            Node::Text(text) => {
                self.push(' ');
                self.write_text(text, indent + STEP);
            }
            Node::Bare(text) => {
                self.push(' ');
                self.push_str(text);
                self.push('\n');
            }
            Node::List(elements) if elements.is_empty() => self.push_str(" []\n"),
            Node::Map(entries) if entries.is_empty() => self.push_str(" {}\n"),
            Node::List(elements) => {
                self.start_line(indent);
                self.write_elements(elements, indent);
            }
            Node::Map(entries) => {
                self.start_line(indent + STEP);
                self.write_entries(entries, indent + STEP);
            }
        }
    }

    /// The elements of a list, the first at the column where the writer stands.
    fn write_elements(&mut self, elements: &[Node], indent: usize) {
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                self.indent(indent);
            }
            self.push('-');
            match element {
                Node::Map(entries) if !entries.is_empty() => {
                    self.push(' ');
                    self.write_entries(entries, indent + STEP);
                }
                Node::List(elements) if !elements.is_empty() => {
                    self.push(' ');
                    self.write_elements(elements, indent + STEP);
                }
                element => self.write_value(element, indent),
            }
        }
    }

    fn write_key(&mut self, name: &str) {
        match style_of(name) {
            Style::Plain => self.push_str(name),
            Style::SingleQuoted => self.write_single_quoted(name, None),
            Style::Literal | Style::DoubleQuoted => self.write_double_quoted(name),
        }
    }

    fn write_text(&mut self, text: &str, indent: usize) {
        match style_of(text) {
            Style::Plain => self.write_folded(text, Some(indent), false),
            Style::SingleQuoted => self.write_single_quoted(text, Some(indent)),
            Style::DoubleQuoted => self.write_double_quoted(text),
            Style::Literal => return self.write_literal(text, indent),
        }
        self.push('\n');
    }

    /// A text on one line or more: a break stands for a space. Without `indent` it stays on one line.
    fn write_folded(&mut self, text: &str, indent: Option<usize>, is_quoted: bool) {
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let is_alone = c == ' ' && before != Some(' ') && rest.peek().is_some_and(|next| *next != ' ');
            match indent {
                Some(indent) if is_alone && before.is_some() && self.column > WIDTH => self.start_line(indent),
                _ if is_quoted && c == '\'' => self.push_str("''"),
                _ => self.push(c),
            }
            before = Some(c);
        }
    }

    fn write_single_quoted(&mut self, text: &str, indent: Option<usize>) {
        self.push('\'');
        self.write_folded(text, indent, true);
        self.push('\'');
    }

    fn write_double_quoted(&mut self, text: &str) {
        self.push('"');
        for c in text.chars() {
            match c {
                '"' => self.push_str("\\\""),
                '\\' => self.push_str("\\\\"),
                '\n' => self.push_str("\\n"),
                '\r' => self.push_str("\\r"),
                '\t' => self.push_str("\\t"),
                c if is_printable(c) => self.push(c),
                c if u32::from(c) <= 0xff => self.push_str(&format!("\\x{:02X}", u32::from(c))),
                c if u32::from(c) <= 0xffff => self.push_str(&format!("\\u{:04X}", u32::from(c))),
                c => self.push_str(&format!("\\U{:08X}", u32::from(c))),
            }
        }
        self.push('"');
    }

    /// A text with line breaks, as it is.
    fn write_literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with([' ', '\n']) {
            self.push_str(&STEP.to_string());
        }
        let content = text.strip_suffix('\n');
        match content {
            None => self.push('-'),
            Some(content) if content.is_empty() || content.ends_with('\n') => self.push('+'),
            Some(_) => {}
        }
        for line in content.unwrap_or(text).split('\n') {
            self.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.push_str(line);
            }
        }
        self.push('\n');
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

fn style_of(text: &str) -> Style {
    let has_odd = |text: &str| text.chars().any(|c| !is_printable(c));
    if text.contains('\n') {
        let is_odd = has_odd(&text.replace('\n', "")) || text.contains(" \n") || text.ends_with(' ');
        return if is_odd { Style::DoubleQuoted } else { Style::Literal };
    }
    if has_odd(text) || (is_plain(text) && !is_read_as_text(text)) || text.is_empty() {
        return Style::DoubleQuoted;
    }
    if is_plain(text) { Style::Plain } else { Style::SingleQuoted }
}

/// Whether a text without line breaks can stand in a mapping without quotes.
fn is_plain(text: &str) -> bool {
    let is_indicator = |c: char| "#,[]{}&*!|>'\"%@`".contains(c);
    let is_dash = |c: char| matches!(c, '-' | '?' | ':');
    let mut chars = text.chars();
    let first = chars.next();
    let second = chars.next();
    let begins_well = first.is_some_and(|c| !(is_indicator(c) || is_dash(c) && second.is_none_or(|next| next == ' ')));
    begins_well
        && !text.starts_with([' ', '\t'])
        && !text.ends_with([' ', '\t', ':'])
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.contains(": ")
        && !text.contains(" #")
}

/// Whether readers take the text for a text where it has no quotes.
fn is_read_as_text(text: &str) -> bool {
    let read = Document::parse(text).ok().and_then(|document| document.read::<serde_json::Value>().0);
    let is_text = matches!(read, Some(serde_json::Value::String(read)) if read == text);
    // Days, times and numbers to the base of sixty, of YAML 1.1; `=` and `<<` mean something, too.
    let is_time = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-:._TtZz ".contains(&byte));
    is_text && !is_time && text != "=" && text != "<<"
}

/// Whether a character stands in a text as it is.
fn is_printable(c: char) -> bool {
    match u32::from(c) {
        0x20..=0x7e => true,
        0x2028 | 0x2029 | 0xfeff => false,
        0xa0..=0xd7ff | 0xe000..=0xfffd => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_stand_as_go_writes_them() {
        let check = |text: &str, want: &str| {
            let node = Node::Map(vec![("key".to_owned(), Node::text(text))]);
            assert_eq!(node.to_text(), format!("key: {want}\n"), "{text:?}");
        };
        check("vector(1-0.95)", "vector(1-0.95)");
        check("dev", "dev");
        check("", "\"\"");
        check("2", "\"2\"");
        check("99.9", "\"99.9\"");
        check("true", "\"true\"");
        check("No", "\"No\"");
        check("2026-01-02", "\"2026-01-02\"");
        check("1:30", "\"1:30\"");
        check("5m", "5m");
        check("#alerts-myteam", "'#alerts-myteam'");
        check("{{$labels.slo}} isn't", "'{{$labels.slo}} isn''t'");
        check("(page) {{$labels.slo}}", "(page) {{$labels.slo}}");
        check("a: b", "'a: b'");
        check("- a", "'- a'");
        check("-a", "-a");
        check("https://example.org/#part", "https://example.org/#part");
        check("tab\there", "\"tab\\there\"");
        check("🔥", "\"\\U0001F525\"");
        check("错误", "错误");
        check("a\nb\n", "|\n  a\n  b");
        check("a\n\nb", "|-\n  a\n\n  b");
        check(" a\nb", "|2-\n   a\n  b");
        check("a\n\n", "|+\n  a\n");
        check("a \nb", "\"a \\nb\"");
    }

    #[test]
    fn long_texts_break_behind_the_eightieth_column() {
        let check = |first_word: &str, want: &str| {
            let text = format!("{first_word} {}end", "abcdefghi ".repeat(8));
            assert_eq!(Node::Map(vec![("k".to_owned(), Node::text(text))]).to_text(), want);
        };
        let line = "abcdefghi ".repeat(6) + "abcdefghi";
        check("abcdefgh", &format!("k: abcdefgh {line}\n  abcdefghi end\n"));
        check("abcdefg", &format!("k: abcdefg {line} abcdefghi\n  end\n"));
        check("#abcdef", &format!("k: '#abcdef {line}\n  abcdefghi end'\n"));
        check("#abcde", &format!("k: '#abcde {line} abcdefghi\n  end'\n"));
    }

    #[test]
    fn lists_stand_at_the_column_of_their_key() {
        let map = |entries: &[(&str, Node)]| {
            Node::Map(entries.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect())
        };
        let rule = map(&[("record", Node::text("a")), ("labels", map(&[("tier", Node::text("2"))]))]);
        let group = map(&[("name", Node::text("g")), ("rules", Node::List(vec![rule.clone(), rule]))]);
        let want = "groups:\n- name: g\n  rules:\n  - record: a\n    labels:\n      tier: \"2\"\n  - record: a\n    labels:\n      tier: \"2\"\n";
        assert_eq!(map(&[("groups", Node::List(vec![group]))]).to_text(), want);
        assert_eq!(map(&[("groups", Node::List(Vec::new())), ("m", map(&[]))]).to_text(), "groups: []\nm: {}\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in proptest::collection::vec("(\\PC|[ \n\t:#'\"{}&-]){0,120}", 1..4),
            words in proptest::collection::vec("[a-z: ]{0,6}|[-+0-9.:_eE]{1,6}|yes|null|~|<<|=", 1..4),
        ) {
            let all: Vec<String> = texts.into_iter().chain(words).collect();
            let inner = Node::Map(all.iter().enumerate().map(|(i, text)| (format!("k{i}"), Node::text(text))).collect());
            let list = Node::List(all.iter().map(Node::text).collect());
            let node = Node::Map(vec![("list".to_owned(), list), ("maps".to_owned(), Node::List(vec![inner]))]);
            let text = node.to_text();
            let document = Document::parse(&text).map_err(|problem| TestCaseError::fail(format!("{problem:?} in\n{text}")))?;
            let (read, problems) = document.read::<serde_json::Value>();
            prop_assert!(problems.is_empty(), "{problems:?} in\n{text}");
            let read = read.unwrap_or_default();
            for (i, wanted) in all.iter().enumerate() {
                prop_assert_eq!(read["list"][i].as_str(), Some(wanted.as_str()), "in\n{}", text);
                prop_assert_eq!(read["maps"][0][format!("k{i}")].as_str(), Some(wanted.as_str()), "in\n{}", text);
            }
        }
    }
}
