//! Files of cases: a line with a path and parameters, a line with the status and the exact body. Lines that begin with
//! `#` and empty ones are passed over.

use std::net::SocketAddr;
use std::path::Path;

use crate::client::{Answer, ask, encoded, get};

/// A question and its answer.
#[derive(Debug)]
pub(crate) struct Case {
    /// Where it stands.
    place: String,
    path: String,
    parameters: Vec<(String, String)>,
    status: u16,
    body: String,
}

/// The cases of a file.
pub(crate) fn read(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/cases").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut cases = Vec::new();
    while let Some((number, question)) = lines.next() {
        let (_, answer) = lines.next().unwrap_or_else(|| panic!("{name}:{}: no answer", number + 1));
        cases.push(Case::parse(format!("{name}:{}", number + 1), question, answer));
    }
    cases
}

impl Case {
    fn parse(place: String, question: &str, answer: &str) -> Case {
        let (path, parameters) = question.split_once(' ').unwrap_or((question, ""));
        let pair = |text: &str| {
            let (name, value) = text.split_once('=').unwrap_or_else(|| panic!("{place}: no pair: {text}"));
            (name.to_owned(), value.to_owned())
        };
        let parameters = parameters.split(" & ").filter(|text| !text.is_empty()).map(pair).collect();
        let (status, body) = answer.split_once(' ').unwrap_or((answer, ""));
        let status = status.parse().unwrap_or_else(|_| panic!("{place}: no status: {answer}"));
        Case { path: path.to_owned(), parameters, status, body: body.to_owned(), place }
    }

    fn form(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        self.parameters.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// Whether forms may be sent there.
    fn takes_forms(&self) -> bool {
        const PATHS: [&str; 7] =
            ["query", "query_range", "query_exemplars", "format_query", "parse_query", "labels", "series"];
        self.path.strip_prefix("/api/v1/").is_some_and(|path| PATHS.contains(&path))
    }

    /// What is wrong with what a server answers.
    pub(crate) fn faults(&self, address: SocketAddr) -> Vec<String> {
        let target =
            if self.parameters.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.form()) };
        let mut faults = Vec::from_iter(self.fault("GET", &get(address, &target)));
        if self.takes_forms() {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let answer = ask(address, "POST", &self.path, &headers, self.form().as_bytes());
            faults.extend(self.fault("POST", &answer));
        }
        faults
    }

    fn fault(&self, method: &str, answer: &Answer) -> Option<String> {
        let content_type = answer.header("content-type");
        let is_json = content_type == "application/json" || answer.status == 204;
        let is_right = answer.status == self.status && answer.text() == self.body && is_json;
        (!is_right).then(|| {
            format!(
                "{} {method} {}\n  want {} {}\n  got  {} {} ({content_type})",
                self.place,
                self.path,
                self.status,
                self.body,
                answer.status,
                answer.text()
            )
        })
    }
}

/// Asks all questions of some files; fails with all that is wrong. How many there were.
pub(crate) fn check(address: SocketAddr, names: &[&str]) -> usize {
    let cases: Vec<Case> = names.iter().flat_map(|name| read(name)).collect();
    let faults: Vec<String> = cases.iter().flat_map(|case| case.faults(address)).collect();
    assert!(faults.is_empty(), "{} faults in {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    cases.len()
}
