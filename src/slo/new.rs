//! `narthex slo new`: an objective made of a metric. Its documents go to standard output, and what the past says of it to standard
//! error, so that `narthex slo new METRIC > slo/metric.yml` does what it looks like.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use model::yaml::{Document, to_yaml};
use net::form;
use serde_json::{Value, json};

use super::list::text;
use super::trial::{tried, words};
use super::whatif::Promise;
use crate::cli::server::ServerArgs;
use crate::cli::{EXIT_BAD_INPUT, complain, complain_raw, print};
use crate::gate::get;

/// What `narthex slo new` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  narthex slo new http_requests_total > slo/requests.yml\n  \
                        narthex slo new http_request_duration_seconds --match '{job=\"checkout\"}' --draft 2 --window 7d\n  \
                        narthex slo new http_requests_total --list\n\n\
                        The documents go to standard output; which drafts there are, and what the past says, to standard error.")]
pub(crate) struct NewArgs {
    /// The metric; of a histogram also its name without _bucket.
    metric: String,
    /// Which of its series are meant: a selector.
    #[arg(long = "match", value_name = "SELECTOR", default_value = "", hide_default_value = true)]
    selector: String,
    /// Which of the drafts, by its number or name.
    #[arg(long, value_name = "DRAFT", default_value = "1")]
    draft: String,
    /// Only show the drafts.
    #[arg(long)]
    list: bool,
    /// The name of the SLO, where it is to be another than the draft's.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Who promises it, where that is another than the draft's.
    #[arg(long, default_value = "", hide_default_value = true)]
    service: String,
    #[command(flatten)]
    promise: Promise,
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t = Output::Yaml)]
    output: Output,
    #[command(flatten)]
    server: ServerArgs,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// The documents.
    Yaml,
    /// One JSON document: the drafts, which one it is, and its trial.
    Json,
}

/// Carries it out.
pub(super) fn run(args: &NewArgs) -> ExitCode {
    match made(args) {
        Ok(text) => print(&text),
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}

/// What goes to standard output.
fn made(args: &NewArgs) -> Result<String, String> {
    let pairs = [("metric", args.metric.as_str()), ("match[]", args.selector.as_str())];
    let asked = form::encode(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
    let found = get(&args.server, &format!("/api/v1/slos/suggestions?{asked}")).map_err(|error| error.to_string())?;
    let drafts = found["drafts"].as_array().map_or(&[][..], Vec::as_slice);
    if args.list {
        return Ok(if args.output == Output::Json { format!("{found}\n") } else { listed(&found, drafts, None) });
    }
    if drafts.is_empty() {
        return Err(format!("{}: {}", args.metric, text(&found["why"])));
    }
    let number = chosen(drafts, &args.draft)?;
    let spec = renamed(&text(&drafts[number]["spec"]), &args.name, &args.service)?;
    let trial = promised(args, &spec)?;
    if args.output == Output::Json {
        return Ok(format!("{}\n", json!({ "suggestions": found, "draft": drafts[number]["name"], "trial": trial })));
    }
    complain_raw(&format!("{}\n{}", listed(&found, drafts, Some(number)), words(&trial)));
    Ok(text(&trial["yaml"]))
}

/// A draft's trial. Where nobody says which objective it is, it is the one to begin with.
fn promised(args: &NewArgs, spec: &str) -> Result<Value, String> {
    let Promise { objective, window } = &args.promise;
    let ask = |objective: &str| {
        let question = [("spec", spec), ("objective", objective), ("window", window.as_str())];
        tried(&args.server, &question).map_err(|error| error.to_string())
    };
    let trial = ask(objective)?;
    let mut steps = trial["suggestions"].as_array().into_iter().flatten();
    let recommended = steps.find(|step| step["recommended"] == true).map(|step| text(&step["objective"]));
    match recommended.filter(|other| objective.is_empty() && *other != text(&trial["objective"])) {
        Some(other) => ask(&other),
        None => Ok(trial),
    }
}

/// The place of a draft, by its number from 1 or its name.
fn chosen(drafts: &[Value], wanted: &str) -> Result<usize, String> {
    let by_number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_name = || drafts.iter().position(|draft| draft["name"] == wanted);
    by_number.filter(|number| *number < drafts.len()).or_else(by_name).ok_or_else(|| {
        let names: Vec<String> = drafts.iter().map(|draft| text(&draft["name"])).collect();
        format!("there is no draft {wanted}: there are {}", names.join(", "))
    })
}

/// A draft under another name, or of another service.
fn renamed(spec: &str, name: &str, service: &str) -> Result<String, String> {
    if name.is_empty() && service.is_empty() {
        return Ok(spec.to_owned());
    }
    let document = Document::parse(spec).map_err(|problem| problem.message)?;
    let (read, problems) = document.read::<Value>();
    let Some(mut document) = read else {
        return Err(problems.into_iter().next().map(|problem| problem.message).unwrap_or_default());
    };
    if !name.is_empty() {
        document["metadata"]["name"] = json!(name);
        document["spec"]["indicator"]["metadata"]["name"] = json!(format!("{name}-sli"));
    }
    if !service.is_empty() {
        document["spec"]["service"] = json!(service);
    }
    to_yaml(&document)
}

/// The drafts, one of them marked.
fn listed(found: &Value, drafts: &[Value], chosen: Option<usize>) -> String {
    let metric = text(&found["metric"]);
    if drafts.is_empty() {
        return format!("{metric} makes no draft: {}\n", text(&found["why"]));
    }
    let mut shown = format!("{metric} ({}, {} series) makes:\n", text(&found["type"]), found["n_series"]);
    for (number, draft) in drafts.iter().enumerate() {
        let mark = if chosen == Some(number) { '*' } else { ' ' };
        let (name, title, why) = (text(&draft["name"]), text(&draft["title"]), text(&draft["why"]));
        shown.push_str(&format!("{mark} {}. {name}: {title}\n     {why}\n", number + 1));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts() -> Vec<Value> {
        ["a", "b"].map(|name| json!({"name": name, "title": "T", "why": "because"})).to_vec()
    }

    #[test]
    fn drafts_by_number_or_name() {
        let check = |wanted: &str, want: Result<usize, &str>| {
            assert_eq!(chosen(&drafts(), wanted), want.map_err(str::to_owned), "{wanted}");
        };
        check("1", Ok(0));
        check("2", Ok(1));
        check("b", Ok(1));
        for wrong in ["0", "3", "c", "-1", "99999999999999999999"] {
            check(wrong, Err(&format!("there is no draft {wrong}: there are a, b")));
        }
    }

    #[test]
    fn other_names_and_services() {
        let spec =
            "metadata: {name: a}\nspec:\n  service: s\n  indicator: {metadata: {name: a-sli}, spec: {x: '\"}'}}\n";
        assert_eq!(renamed(spec, "", "").unwrap(), spec);
        let read = |name: &str, service: &str| -> Value {
            Document::parse(&renamed(spec, name, service).unwrap()).unwrap().read().0.unwrap()
        };
        let hostile = "b\n---\n\"{";
        let both = read(hostile, "t");
        assert_eq!(both["metadata"]["name"], hostile);
        assert_eq!(
            both["spec"]["indicator"],
            json!({"metadata": {"name": format!("{hostile}-sli")}, "spec": {"x": "\"}"}})
        );
        assert_eq!(both["spec"]["service"], "t");
        assert_eq!(read("", "t")["metadata"]["name"], "a");
    }

    #[test]
    fn a_list_marks_what_was_chosen() {
        let found = json!({"metric": "m", "type": "counter", "n_series": 3, "why": "it says nothing"});
        let want = "m (counter, 3 series) makes:\n  1. a: T\n     because\n* 2. b: T\n     because\n";
        assert_eq!(listed(&found, &drafts(), Some(1)), want);
        assert_eq!(listed(&found, &[], None), "m makes no draft: it says nothing\n");
    }
}
