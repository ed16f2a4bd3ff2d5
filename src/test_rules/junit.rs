//! Results as JUnit XML, in the shape that promtool gives them.

use jiff::Timestamp;

/// How a file of tests went.
#[derive(Debug)]
pub(super) struct Suite {
    name: String,
    /// When the tests began, in milliseconds since the Unix epoch; `None` where they did not.
    began_ms: Option<i64>,
    pub(super) cases: Vec<Case>,
    /// Why there were no tests, or no more.
    error: Option<String>,
}

/// How a test group went.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) failures: Vec<String>,
}

impl Suite {
    pub(super) fn new(name: &str) -> Suite {
        Suite { name: name.to_owned(), began_ms: None, cases: Vec::new(), error: None }
    }

    pub(super) fn begin(&mut self, at_ms: i64) {
        self.began_ms = Some(at_ms);
    }

    pub(super) fn abort(&mut self, error: String) {
        self.error = Some(error);
    }

    pub(super) fn is_fine(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Everything that is wrong.
    pub(super) fn failures(&self) -> impl Iterator<Item = &String> {
        self.cases.iter().flat_map(|case| &case.failures).chain(&self.error)
    }

    fn write(&self, out: &mut String) {
        let n_failures: usize = self.cases.iter().map(|case| case.failures.len()).sum();
        let n_errors = usize::from(self.error.is_some());
        let at = self.began_ms.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
        let at = at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default();
        let (name, n_cases) = (escaped(&self.name), self.cases.len());
        out.push_str(&format!(
            "<testsuite name=\"{name}\" tests=\"{n_cases}\" failures=\"{n_failures}\" errors=\"{n_errors}\" skipped=\"0\" timestamp=\"{at}\">"
        ));
        for case in &self.cases {
            out.push_str(&format!("<testcase name=\"{}\">", escaped(&case.name)));
            for failure in &case.failures {
                out.push_str(&format!("<failure>{}</failure>", escaped(failure)));
            }
            out.push_str("</testcase>");
        }
        if let Some(error) = &self.error {
            out.push_str(&format!("<testcase name=\"unknown\"><error>{}</error></testcase>", escaped(error)));
        }
        out.push_str("</testsuite>");
    }
}

/// The document of all files.
pub(super) fn document(suites: &[Suite]) -> String {
    let mut out = "<testsuites>".to_owned();
    suites.iter().for_each(|suite| suite.write(&mut out));
    out.push_str("</testsuites>");
    out
}

/// A text as XML holds it; what XML cannot hold is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_written_as_promtool_writes_them() {
        let mut fine = Suite::new("a & b.yml");
        fine.begin(1_700_000_000_000);
        fine.cases.push(Case { name: "unnamed#0".to_owned(), failures: Vec::new() });
        fine.cases.push(Case { name: "two".to_owned(), failures: vec!["a\n<b>\u{1}".to_owned()] });
        let mut broken = Suite::new("c.yml");
        broken.abort("gone".to_owned());
        let want = concat!(
            r#"<testsuites><testsuite name="a &amp; b.yml" tests="2" failures="1" errors="0" skipped="0" timestamp="2023-11-14T22:13:20">"#,
            r#"<testcase name="unnamed#0"></testcase><testcase name="two"><failure>a&#xA;&lt;b&gt;�</failure></testcase></testsuite>"#,
            r#"<testsuite name="c.yml" tests="0" failures="0" errors="1" skipped="0" timestamp="">"#,
            r#"<testcase name="unknown"><error>gone</error></testcase></testsuite></testsuites>"#,
        );
        assert_eq!(document(&[fine, broken]), want);
    }
}
