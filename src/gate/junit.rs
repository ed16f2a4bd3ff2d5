//! A JUnit report: one test, which GitLab and Jenkins show among those of the pipeline.
//!
//! Denied is a failure, not known or not reached an error, a warning a test that passes and says something.

use super::answer::{Answer, Decision};

/// The report.
pub(super) fn report(answer: &Answer) -> String {
    let (gate, service, version) = (answer.field("gate"), answer.field("service"), answer.field("version"));
    let said = escaped(&answer.text());
    let message = escaped(&match answer.reasons().first() {
        Some(reason) => format!("{}: {reason}", answer.word()),
        None => answer.word().to_owned(),
    });
    let (n_failures, n_errors, outcome) = match answer.decision {
        Some(Decision::Deny) => (1, 0, format!("<failure message=\"{message}\" type=\"deny\">{said}</failure>")),
        Some(Decision::Unknown) | None => {
            (0, 1, format!("<error message=\"{message}\" type=\"{}\">{said}</error>", answer.word()))
        }
        Some(Decision::Allow | Decision::Warn) => (0, 0, String::new()),
    };
    let (gate, name) = (escaped(gate), escaped(format!("{service} {version}").trim()));
    let counts = format!("tests=\"1\" failures=\"{n_failures}\" errors=\"{n_errors}\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"narthex\" {counts}>\n  \
         <testsuite name=\"narthex gate {gate}\" {counts} skipped=\"0\">\n    \
         <testcase classname=\"{gate}\" name=\"{name}\" time=\"0\">{outcome}<system-out>{said}</system-out></testcase>\n  \
         </testsuite>\n</testsuites>\n"
    )
}

/// A text within XML. What XML 1.0 has no place for is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports() {
        let check = |answer: &Answer, want: &[&str], not: &[&str]| {
            let report = report(answer);
            want.iter().for_each(|piece| assert!(report.contains(piece), "{piece}\n{report}"));
            not.iter().for_each(|piece| assert!(!report.contains(piece), "{piece}\n{report}"));
        };
        let decided = |decision: &str| {
            Answer::of(json!({
                "gate": "shop-prod", "service": "api", "version": "v<1>", "decision": decision, "reasons": ["a & \"b\"\u{1b}"],
            }))
        };
        let name = "classname=\"shop-prod\" name=\"api v&lt;1&gt;\"";
        check(&decided("allow"), &[name, "failures=\"0\" errors=\"0\""], &["<failure", "<error"]);
        check(&decided("warn"), &[name, "failures=\"0\" errors=\"0\"", "warn: shop-prod"], &["<failure", "<error"]);
        let failure = "<failure message=\"deny: a &amp; &quot;b&quot;\" type=\"deny\">";
        check(&decided("deny"), &["failures=\"1\" errors=\"0\"", failure], &["<error", "\u{1b}"]);
        check(&decided("unknown"), &["failures=\"0\" errors=\"1\"", "type=\"unknown\""], &["<failure"]);
        let unreachable = Answer::unreachable("shop-prod", "api", "v1", "refused", None);
        check(&unreachable, &["errors=\"1\"", "type=\"unreachable\"", "cannot be reached: refused"], &["<failure"]);
    }
}
