//! `narthex check rules`: whether rule files can be loaded, whether rules write the same series, and whether a target has
//! what they ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use alerting::rules::{ReadOptions, RuleFile};
use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, Method};
use model::labels::METRIC_NAME;
use model::name::quoted;
use model::yaml::{Document, Fault, Step, nearest};
use model::{MatchOp, Matcher};
use net::client::{Client, ClientOptions, Request};
use net::url::Url;
use query::syntax::{Options as ParseOptions, parse};
use scrape::parse::{Event, Format as Exposition, Options, Parser};

use super::report::{FileReport, Format, finish};
use crate::cli::complain;
use crate::config::{Diagnostic, RuleSource, Severity, Source};

/// Bytes of a rule file on standard input, and of a target's answer: as many as a scrape takes.
const MAX_INPUT_BYTES: usize = 64 << 20;
/// How long a target may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Series that are there although no target has them.
const MADE_HERE: [&str; 10] = [
    "ALERTS",
    "ALERTS_FOR_STATE",
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];

/// What `narthex check rules` takes. Names, defaults and exit codes are promtool's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex check rules rules/*.yml
  narthex check rules --lint-fatal rules.yml
  narthex check rules --against host:9100 node.yml

Exit: 0 fine, 1 a file cannot be loaded, 3 with --lint-fatal where a check of style finds something")]
pub(super) struct RulesArgs {
    /// The files; standard input where none is named.
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Checks of style: all, duplicate-rules, none; separated by commas.
    #[arg(long, default_value = "duplicate-rules", value_name = "NAMES")]
    lint: String,
    /// Exit with 3 where a check of style finds something.
    #[arg(long)]
    lint_fatal: bool,
    /// Take unknown fields as they are.
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Name the metrics that rules ask for and this target (a URL, or a file with what one answered) does not have.
    #[arg(long, value_name = "TARGET")]
    against: Option<String>,
    /// Features of PromQL, separated by commas, as the server's flag.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    enable_feature: Vec<String>,
    /// How to show what is found.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(args: &RulesArgs) -> ExitCode {
    let captured = match args.against.as_deref().map(metrics_of).transpose() {
        Ok(captured) => captured,
        Err(error) => {
            complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let options = options(args);
    let read: Vec<(String, Result<RuleSource, Vec<Diagnostic>>)> = if args.files.is_empty() {
        vec![("standard input".to_owned(), standard_input(options))]
    } else {
        args.files.iter().map(|file| (file.clone(), RuleSource::read(Path::new(file), options))).collect()
    };
    let recorded: BTreeSet<&str> =
        read.iter().filter_map(|(_, read)| read.as_ref().ok()).flat_map(|source| recorded(&source.file)).collect();
    let report = |(file, read): &(String, Result<RuleSource, Vec<Diagnostic>>)| {
        let mut report = FileReport::new(file);
        match read {
            Err(errors) => report.diagnostics.clone_from(errors),
            Ok(source) => {
                report.success.push(format!("{} rules found", source.n_rules()));
                report.diagnostics = source.warnings();
                report.lints = lints(&source.file, &args.lint);
                if let Some(captured) = &captured {
                    report.diagnostics.extend(missing(source, options.parse, captured, &recorded));
                }
            }
        }
        report
    };
    let reports: Vec<FileReport> = read.iter().map(report).collect();
    finish(&reports, args.output, args.lint_fatal)
}

fn options(args: &RulesArgs) -> ReadOptions {
    let has = |name: &str| args.enable_feature.iter().any(|feature| feature == name);
    ReadOptions {
        parse: ParseOptions {
            experimental_functions: has("promql-experimental-functions"),
            extended_range_selectors: has("promql-extended-range-selectors"),
            fill_modifiers: has("promql-binop-fill-modifiers"),
            ..ParseOptions::default()
        },
        ignore_unknown_fields: args.ignore_unknown_fields,
        ..ReadOptions::default()
    }
}

fn standard_input(options: ReadOptions) -> Result<RuleSource, Vec<Diagnostic>> {
    let mut text = String::new();
    let limit = MAX_INPUT_BYTES as u64;
    match std::io::stdin().lock().take(limit + 1).read_to_string(&mut text) {
        Ok(n_bytes) if n_bytes as u64 > limit => {
            Err(vec![Diagnostic::of_file(format_args!("standard input is longer than {limit} bytes"))])
        }
        Ok(_) => RuleSource::of_text(Source::new(Path::new("standard input"), text), options),
        Err(error) => Err(vec![Diagnostic::of_file(format_args!("cannot read standard input: {error}"))]),
    }
}

/// What is legal and unwise in a file, of what the options ask for.
pub(super) fn lints(file: &RuleFile, options: &str) -> Vec<String> {
    let has = |name: &str| options.split(',').any(|option| option.trim() == name);
    if !has("none") && (has("all") || has("duplicate-rules")) { duplicates(file) } else { Vec::new() }
}

fn recorded(file: &RuleFile) -> impl Iterator<Item = &str> {
    let rules = file.groups.iter().flat_map(|group| &group.rules);
    rules.map(|rule| rule.record.as_str()).filter(|name| !name.is_empty())
}

/// The name and the labels of a rule.
type Written<'f> = (&'f str, Vec<(&'f String, &'f String)>);

/// Rules of a file with the same name and labels: what promtool says of them.
fn duplicates(file: &RuleFile) -> Vec<String> {
    let mut seen: BTreeMap<Written<'_>, usize> = BTreeMap::new();
    for group in &file.groups {
        for rule in &group.rules {
            let mut labels: BTreeMap<&String, &String> = group.labels.iter().collect();
            labels.extend(&rule.labels);
            *seen.entry((rule.name(), labels.into_iter().collect())).or_default() += 1;
        }
    }
    let repeated = seen.into_iter().filter(|(_, n_times)| *n_times > 1);
    let told = repeated.map(|((name, labels), n_times)| {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!(
            "{} duplicate rule(s) found. Metric: {name} Label(s): {}: might cause inconsistency while recording expressions",
            n_times - 1,
            labels.join(", ")
        )
    });
    told.collect()
}

/// Metrics that expressions name and that neither the target nor another rule has; each where it is asked for.
fn missing(
    source: &RuleSource,
    options: ParseOptions,
    captured: &BTreeSet<String>,
    recorded: &BTreeSet<&str>,
) -> Vec<Diagnostic> {
    let document = Document::parse(&source.source.text).unwrap_or_default();
    let mut found = Vec::new();
    for (index, group) in source.file.groups.iter().enumerate() {
        for (number, rule) in group.rules.iter().enumerate() {
            let Ok(expr) = parse(&rule.expr, options) else { continue };
            let steps = ["groups", "rules"].map(|key| Step::Key(key.to_owned()));
            let [groups, rules] = steps;
            let path = vec![groups, Step::Index(index), rules, Step::Index(number), Step::Key("expr".to_owned())];
            let mut told = BTreeSet::new();
            for matchers in expr.selectors() {
                let Some(name) = matchers.iter().find(|matcher| matcher.name() == METRIC_NAME) else { continue };
                let is_there = |metric: &str| name.matches(metric);
                let is_known = captured.iter().any(|metric| is_there(metric))
                    || recorded.iter().any(|metric| is_there(metric))
                    || MADE_HERE.iter().any(|metric| is_there(metric));
                if is_known || !told.insert(name.value().to_owned()) {
                    continue;
                }
                let problem = document.locate(&Fault { path: path.clone(), message: not_there(name) });
                let help = nearest(name.value(), captured.iter().map(String::as_str))
                    .filter(|_| name.op() == MatchOp::Equal)
                    .map(|metric| format!("did you mean `{metric}`?"));
                let diagnostic = Diagnostic::of_problem(&source.source, problem);
                found.push(Diagnostic { severity: Severity::Warning, help, ..diagnostic });
            }
        }
    }
    found
}

fn not_there(name: &Matcher) -> String {
    match name.op() {
        MatchOp::Equal => format!("the target has no metric {}", quoted(name.value())),
        op => format!("the target has no metric with __name__{}{}", op.as_str(), quoted(name.value())),
    }
}

/// The names of the metrics that a target has.
fn metrics_of(target: &str) -> Result<BTreeSet<String>, String> {
    let (body, content_type) = match url_of(target) {
        Some(url) => fetched(&url)?,
        None => {
            let source = Source::read(Path::new(target)).map_err(|error| error.to_string())?;
            (source.text.into_bytes(), String::new())
        }
    };
    let is_open_metrics = content_type.starts_with("application/openmetrics-text") || body.ends_with(b"# EOF\n");
    let format = if is_open_metrics { Exposition::OpenMetrics } else { Exposition::PrometheusText };
    let mut parser = Parser::new(format, &body, Options::default());
    let mut names = BTreeSet::new();
    loop {
        match parser.next().map_err(|error| format!("{target}: line {}: {error}", error.line_number(&body)))? {
            None => return Ok(names),
            Some(Event::Series { .. }) => {
                let labels = parser.labels().map_err(|error| format!("{target}: {error}"))?;
                names.insert(labels.metric_name().to_owned());
            }
            Some(_) => {}
        }
    }
}

/// The URL of a target that is written as such, or as `HOST:PORT` in a scrape configuration, with or without a path. `None` for a
/// file.
fn url_of(target: &str) -> Option<String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return Some(target.to_owned());
    }
    let (address, path) = target.split_at(target.find('/').unwrap_or(target.len()));
    let (host, port) = address.rsplit_once(':')?;
    let is_address = !host.is_empty() && port.parse::<u16>().is_ok();
    let path = if path.is_empty() { "/metrics" } else { path };
    is_address.then(|| format!("http://{address}{path}"))
}

/// What a target answers, and its `Content-Type`.
fn fetched(target: &str) -> Result<(Vec<u8>, String), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{target}: {error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
    let url: Url = target.parse().map_err(|error: net::url::UrlError| failed(&error))?;
    let request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() };
    runtime.block_on(async {
        let mut channel = Client::plain(ClientOptions::default()).channel();
        let response = channel.send(&request, TIMEOUT).await.map_err(|error| failed(&error))?;
        if !response.status().is_success() {
            return Err(failed(&response.status_text()));
        }
        let header = response.headers().get(http::header::CONTENT_TYPE);
        let content_type = header.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let mut body = Vec::new();
        response.read_into(MAX_INPUT_BYTES, &mut body).await.map_err(|error| failed(&error))?;
        Ok((body, content_type))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn rules(text: &str) -> RuleSource {
        let source = Source::new(Path::new("rules.yml"), text.to_owned());
        RuleSource::of_text(source, ReadOptions::default()).unwrap()
    }

    #[test]
    fn rules_that_write_the_same_are_named() {
        let check = |text: &str, n_want: usize| assert_eq!(duplicates(&rules(text).file).len(), n_want, "{text}");
        let rule = |labels: &str| format!("  - {{record: a, expr: b, labels: {{{labels}}}}}\n");
        let group = |name: &str, rules: &str| format!("- name: {name}\n  rules:\n{rules}");
        let file = |groups: &[String]| format!("groups:\n{}", groups.concat());
        check(&file(&[group("g", &(rule("") + &rule("x: y")))]), 0);
        check(&file(&[group("g", &rule("")), group("h", &rule(""))]), 1);
        check(&file(&[group("g", &(rule("x: y") + &rule("x: y") + &rule("")))]), 1);
    }

    #[test]
    fn targets_are_written_as_in_a_scrape_configuration() {
        let check = |target: &str, want: Option<&str>| assert_eq!(url_of(target).as_deref(), want, "{target}");
        check("http://host/x", Some("http://host/x"));
        check("https://host:1/x?a=b", Some("https://host:1/x?a=b"));
        check("host:9100", Some("http://host:9100/metrics"));
        check("10.0.0.1:9100/", Some("http://10.0.0.1:9100/"));
        check("host:9100/federate?match[]=up", Some("http://host:9100/federate?match[]=up"));
        check("[::1]:9100", Some("http://[::1]:9100/metrics"));
        check("metrics.txt", None);
        check("./host:9100", None);
        check("c:metrics", None);
        check(":9100", None);
    }

    #[test]
    fn what_a_target_does_not_have_is_named_with_its_nearest() {
        let source = rules(
            "groups:\n- name: g\n  rules:\n  - {record: r, expr: 'sum(rate(node_cpu_second_total[5m])) + up'}\n  \
             - {alert: a, expr: 'r > 1 and other'}\n  - {alert: b, expr: '{__name__=~\"node_.+\"} + {job=\"x\"}'}\n",
        );
        let captured = BTreeSet::from(["node_cpu_seconds_total".to_owned()]);
        let found = missing(&source, ParseOptions::default(), &captured, &recorded(&source.file).collect());
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "rules.yml:4:23: the target has no metric \"node_cpu_second_total\" (did you mean `node_cpu_seconds_total`?)",
                "rules.yml:5:22: the target has no metric \"other\"",
            ]
        );
    }

    /// A file of the suites. `None` where the suites are not on this machine; CI insists on them.
    fn suite(file: &str) -> Option<std::path::PathBuf> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        let suites = std::env::var_os("NARTHEX_SUITES").unwrap_or_else(|| "../shared/suites".into());
        let path = workspace.join(suites).join("promtool").join(file);
        assert!(path.exists() || std::env::var_os("NARTHEX_CI").is_none(), "{} is missing", path.display());
        if !path.exists() {
            println!("left out: {} is not on this machine", path.display());
        }
        path.exists().then_some(path)
    }

    #[test]
    fn runs_of_promtool_end_as_they_do_there() {
        let Some(expectations) = suite("expectations.json") else { return };
        let expectations: serde_json::Value = serde_json::from_str(&Source::read(&expectations).unwrap().text).unwrap();
        let cases = expectations["check_rules"].as_array().unwrap();
        for case in cases {
            let file = suite(case["file"].as_str().unwrap()).unwrap();
            let features = case["enable_feature"].as_array().into_iter().flatten();
            let args = RulesArgs {
                files: vec![file.display().to_string()],
                lint: case["lint"].as_str().unwrap_or("all").to_owned(),
                lint_fatal: case["lint_fatal"].as_bool().unwrap_or(false),
                ignore_unknown_fields: false,
                against: None,
                enable_feature: features.map(|name| name.as_str().unwrap().to_owned()).collect(),
                output: Format::Json,
            };
            if let Some(exit) = case["exit"].as_u64() {
                let want = ExitCode::from(u8::try_from(exit).unwrap());
                assert_eq!(format!("{:?}", run(&args)), format!("{want:?}"), "{}", case["name"]);
            }
            if let Some(want) = case["duplicates"].as_array() {
                let source = RuleSource::read(&file, options(&args)).unwrap();
                let found = duplicates(&source.file);
                assert_eq!(found.len(), want.len(), "{}: {found:?}", case["name"]);
                for (found, want) in found.iter().zip(want) {
                    assert!(found.contains(want["metric"].as_str().unwrap()), "{found}");
                }
            }
        }
        assert_eq!(cases.len(), 6);
    }

    #[test]
    fn a_capture_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\nb 2\n").unwrap();
        let names = metrics_of(file.path().to_str().unwrap()).unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a_bucket", "a_sum", "b"]);
    }
}
