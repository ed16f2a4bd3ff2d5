//! HTML that nothing hostile gets into: what stands in the program is taken as it is, what comes from outside is escaped.

/// A character of a text from outside, or what stands for it where it may not be shown.
pub(super) fn shown(character: char) -> char {
    match character {
        // A name may not turn the sentence that it stands in.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        // HTML has no place for them.
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => '\u{fffd}',
        other => other,
    }
}

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup of the program's own. Only what is known when it is compiled can be it.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Markup {
        self.0.push_str(markup);
        self
    }

    /// Text, or the value of an attribute between double quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Markup {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(shown(other)),
            }
        }
        self
    }

    /// A name from outside. Whatever its direction of writing, it does not turn what stands around it.
    pub(super) fn name(&mut self, name: &str) -> &mut Markup {
        self.raw("<bdi>").text(name).raw("</bdi>")
    }

    /// A picture that the crate `chart` has drawn; it escapes what it is given.
    pub(super) fn drawn(&mut self, svg: &str) -> &mut Markup {
        self.0.push_str(svg);
        self
    }

    /// A row of a table.
    pub(super) fn row(&mut self, cells: &[&str]) -> &mut Markup {
        self.raw("<tr>");
        for cell in cells {
            self.raw("<td>").name(cell).raw("</td>");
        }
        self.raw("</tr>\n")
    }

    /// The head of a table: the names of its columns, and which of them hold numbers.
    pub(super) fn columns(&mut self, columns: &[(&str, bool)]) -> &mut Markup {
        self.raw("<thead><tr>");
        for (name, is_number) in columns {
            self.raw(if *is_number { "<th scope=\"col\" class=\"n\">" } else { "<th scope=\"col\">" });
            self.text(name).raw("</th>");
        }
        self.raw("</tr></thead>\n")
    }

    /// Cells with numbers.
    pub(super) fn numbers(&mut self, cells: &[String]) -> &mut Markup {
        for cell in cells {
            self.raw("<td class=\"n\">").text(cell).raw("</td>");
        }
        self
    }

    /// A heading.
    pub(super) fn heading(&mut self, text: &str) -> &mut Markup {
        self.raw("<h2>").text(text).raw("</h2>\n")
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let mut markup = Markup::default();
        markup.raw("<p title=\"").text("a\" onload='x").raw("\">").text("<b>&\0\u{9b}\t\u{202e}").raw("</p>");
        let want = "<p title=\"a&quot; onload=&#39;x\">&lt;b&gt;&amp;\u{fffd}\u{fffd}\t\u{fffd}</p>";
        assert_eq!(markup.finish(), want);
    }
}
