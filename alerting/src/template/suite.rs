//! Prometheus's and Alertmanager's own cases, actions of public rules, and what Go's templates made of some thousand more.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::Labels;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::suites::suite;

const NOW_MS: i64 = 1_353_755_652_000;

/// A world that answers every query alike.
struct Fixed {
    samples: Vec<Sample>,
}

impl Host for Fixed {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }

    fn external_url(&self) -> &str {
        "http://testhost:9090/path/prefix"
    }

    fn query(&mut self, _: &str) -> Result<Vec<Sample>, String> {
        Ok(self.samples.clone())
    }
}

/// JSON as the values that Go's tests have.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) if items.iter().all(Json::is_string) => Value::texts(items.iter().map(text)),
        Json::Array(items) => Value::List(List::new(&ANY_LIST, items.iter().map(value).collect()).unwrap()),
        Json::Object(entries) => match entries.iter().next() {
            Some((key, of)) if key == "$time" => time(text(of)),
            Some((key, of)) if key == "$uint64" => Value::Uint(text(of).parse().unwrap()),
            Some((key, of)) if key == "$int64" => Value::Int(text(of).parse().unwrap()),
            Some((key, of)) if key == "$float" => Value::Float(text(of).parse().unwrap()),
            _ => {
                let entries = entries.iter().map(|(key, of)| (Arc::from(key.as_str()), value(of))).collect();
                Value::Map(Map::new(&ANY_MAP, entries).unwrap())
            }
        },
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}

fn time(text: &str) -> Value {
    let at = match text {
        "now-1h" => Timestamp::from_millisecond(NOW_MS - 3_600_000).unwrap(),
        text => text.parse().unwrap(),
    };
    Value::Time(Arc::new(at.to_zoned(TimeZone::UTC)))
}

fn labels(json: &Json) -> Labels {
    let pairs = json.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.as_str(), text(value))).collect()
}

fn sample_of(json: &Json) -> Sample {
    let histogram = json.get("histogram").or_else(|| json.get("Value").filter(|value| value.is_object()));
    let value = match histogram {
        Some(parts) => SampleValue::Histogram(format!("{{count:{}, sum:{}}}", parts["Count"], parts["Sum"])),
        None => SampleValue::Float(json["value"].as_f64().unwrap()),
    };
    Sample { labels: labels(&json["labels"]), value }
}

/// Fills in a text, and gives the output or the error's text.
fn expand(
    mut templates: Templates,
    name: &str,
    text: &str,
    data: &Value,
    mode: Mode,
    samples: Vec<Sample>,
) -> Result<String, String> {
    templates.add(name, text).map_err(|error| format!("error parsing template {name}: {error}"))?;
    let limits = Limits { queries: 5, ..Limits::NOTIFICATION };
    let made = templates.execute(name, data, &mut Fixed { samples }, mode, limits);
    made.map_err(|error| format!("error executing template {name}: {error}"))
}

fn mode(case: &Json) -> Mode {
    if case["html"] == true { Mode::Html } else { Mode::Text }
}

/// Says which cases went wrong, all of them.
fn judge(wrong: &[String], n_cases: usize, n_wanted: usize) {
    for one in wrong {
        println!("{one}");
    }
    assert_eq!((wrong.len(), n_cases), (0, n_wanted));
}

#[test]
fn prometheus_cases() {
    let Some(suite) = suite("prometheus_templates.json") else { return };
    let cases = suite["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let options = case["options"].as_array();
        let missing_key = match options.and_then(|options| options.first()).and_then(Json::as_str) {
            Some("missingkey=error") => MissingKey::Error,
            _ => MissingKey::Zero,
        };
        let templates = Templates::new(Dialect::Prometheus).with_missing_key(missing_key);
        let samples = case["query_result"].as_array().into_iter().flatten().map(sample_of).collect();
        let data = match &case["input"] {
            input @ Json::Object(fields) if fields.contains_key("Value") => sample(&sample_of(input)),
            input => value(input),
        };
        let got = expand(templates, "test", text(&case["template"]), &data, mode(case), samples);
        let wanted = case["error"].as_str().map_or_else(|| Ok(text(&case["expect"])), Err);
        if got.as_deref().map_err(String::as_str) != wanted {
            wrong.push(format!("{}\n    wanted {wanted:?}\n    got    {got:?}", case["template"]));
        }
    }
    judge(&wrong, cases.len(), 89);
}

/// Alertmanager's data, as its tests write it.
fn alertmanager_data(json: &Json) -> Value {
    let is_data = |key: &String| key.starts_with(char::is_uppercase);
    let Some(fields) = json.as_object().filter(|fields| fields.keys().all(is_data)) else { return value(json) };
    let alert = |json: &Json| AlertData {
        status: text(&json["Status"]).to_owned(),
        labels: json.get("Labels").map(labels),
        ..AlertData::default()
    };
    let of = |name: &str| fields.get(name).map(labels).unwrap_or_default();
    Value::from(&NotificationData {
        alerts: fields.get("Alerts").and_then(Json::as_array).into_iter().flatten().map(alert).collect(),
        group_labels: of("GroupLabels"),
        common_labels: of("CommonLabels"),
        route_labels: of("RouteLabels"),
        ..NotificationData::default()
    })
}

#[test]
fn alertmanager_cases() {
    let Some(suite) = suite("templates.json") else { return };
    let parts = ["expansion", "functions"];
    let cases: Vec<_> = parts.iter().flat_map(|part| suite[*part].as_array().unwrap()).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let templates = Templates::new(Dialect::Alertmanager);
        let data = alertmanager_data(&case["data"]);
        let got = expand(templates, "", text(&case["template"]), &data, mode(case), Vec::new());
        let is_right = match &case["error"] {
            Json::String(error) => got.as_ref().is_err_and(|got| got.ends_with(error.as_str())),
            Json::Bool(true) => got.is_err(),
            _ => got.as_deref() == Ok(text(&case["expect"])),
        };
        if !is_right {
            wrong.push(format!("{case}\n    {got:?}"));
        }
    }
    judge(&wrong, cases.len(), 68);
}

/// An action as it stands in the list, made into a whole template: the beginning and the end of a block stand there alone.
fn made_whole(action: &str) -> String {
    let inner = action.trim_start_matches("{{").trim_start_matches(['-', ' ']);
    let word = inner.split([' ', '}', '-']).next().unwrap_or_default();
    match word {
        "end" => format!("{{{{if true}}}}{action}"),
        "else" => format!("{{{{if true}}}}{action}{{{{end}}}}"),
        "range" | "with" | "if" | "define" => format!("{action}{{{{end}}}}"),
        "." => format!("{{{{with query \"up\"}}}}{action}{{{{end}}}}"),
        _ => action.to_owned(),
    }
}

#[test]
fn actions_of_public_rules() {
    let Some(suite) = suite("real_template_actions.json") else { return };
    let actions = suite["actions"].as_array().unwrap();
    let labels = Labels::from_pairs([("job", "node"), ("instance", "host:9100")]);
    let samples = vec![Sample { labels: labels.clone(), value: SampleValue::Float(0.25) }];
    let data = rule_data(&labels, &Labels::default(), "http://host", &SampleValue::Float(0.75));
    let mut wrong = Vec::new();
    for action in actions {
        let action = text(&action["action"]);
        // Go refuses it too: it calls a function without its argument.
        if action == "{{value}}" {
            continue;
        }
        let whole = format!("{RULE_VARIABLES}{}", made_whole(action));
        let templates = Templates::new(Dialect::Prometheus);
        let got = expand(templates, "rule", &whole, &data, Mode::Text, samples.clone());
        // Within a string the list has cut off what follows; variables of its own it has cut off from what declares them.
        let is_cut = action.matches('"').count() % 2 == 1;
        let is_foreign = got.as_ref().is_err_and(|error| error.contains("undefined variable"));
        if got.is_err() && !is_cut && !is_foreign {
            wrong.push(format!("{action}\n    {got:?}"));
        }
    }
    judge(&wrong, actions.len(), 302);
}

/// The data of `tests/oracle/main.go`.
fn oracle_data() -> Value {
    let map = |entries: Vec<(&str, Value)>| {
        let entries: BTreeMap<Arc<str>, Value> = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Value::Map(Map::new(&ANY_MAP, entries).unwrap())
    };
    let list = |items| Value::List(List::new(&ANY_LIST, items).unwrap());
    let inner = map(vec![("k", "v".into())]);
    map(vec![
        ("Text", "it's <b>\"bold\"</b> & more + é 世界".into()),
        ("Plain", "abc".into()),
        ("Empty", "".into()),
        ("Int", Value::Int(42)),
        ("Minus", Value::Int(-7)),
        ("Zero", Value::Int(0)),
        ("Uint", Value::Uint(u64::MAX)),
        ("Float", Value::Float(1_234_567.891)),
        ("Small", Value::Float(0.000_012_345)),
        ("Whole", Value::Float(3.0)),
        ("Yes", Value::Bool(true)),
        ("No", Value::Bool(false)),
        ("Nil", Value::Nil),
        ("List", list(vec![Value::Int(1), "a".into(), Value::Nil, Value::Float(2.5), Value::Bool(true)])),
        ("Texts", Value::texts(["x", "y", "z"])),
        ("None", list(Vec::new())),
        ("Map", map(vec![("b", Value::Int(2)), ("a", "one".into()), ("n", Value::Nil), ("m", inner)])),
        ("Labels", Value::Map(Map::of_texts(&TEXT_MAP, [("job", "node"), ("instance", "host:9100")]))),
        ("Time", time("2024-02-29T13:04:05.067Z")),
        ("Dur", Value::Duration(5_401_500_000_000)),
        ("URL", "https://example.org/a b?q=1&r=ü#f".into()),
        ("Evil", "javascript:alert(1)".into()),
        ("Style", "color: red; x: expression(1)".into()),
        ("Color", "red".into()),
    ])
}

/// What comes out is compared in each case; the text of an error, where ours is meant to be Go's.
#[test]
fn as_go_fills_them_in() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../../tests/oracle/cases.json")).unwrap();
    let data = oracle_data();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut templates = Templates::new(Dialect::Alertmanager).with_missing_key(MissingKey::Default);
        let text = text(&case["template"]);
        let got = templates.add("t", text).map_err(|error| error.to_string()).and_then(|()| {
            let mut host = Fixed { samples: Vec::new() };
            let made = templates.execute("t", &data, &mut host, mode(case), Limits::NOTIFICATION);
            made.map_err(|error| error.to_string())
        });
        let wanted = case["error"].as_str().map_or_else(|| Ok(case["expect"].as_str().unwrap()), Err);
        if got.as_deref().map_err(String::as_str) != wanted {
            wrong.push(format!("{text}\n    go:  {wanted:?}\n    got: {got:?}"));
        }
    }
    judge(&wrong, cases.len(), N_ORACLE_CASES);
}

/// What limits are for: texts that double, loops that go on, templates that call themselves, lists in lists.
#[test]
fn limits_end_what_goes_on() {
    let doubling = "{{$x := \"0123456789\"}}{{range 60}}{{$x = print $x $x}}{{end}}";
    let indexed =
        "{{$x := \"0123456789\"}}{{range 12}}{{$x = print $x $x}}{{end}}{{printf (js (print \"%[1]s\" $x)) $x}}";
    for (text, limit) in [
        (doubling, "template_output_bytes"),
        (indexed, "template_output_bytes"),
        ("{{range 40000}}xx{{end}}", "template_output_bytes"),
        ("{{range 9000000000}}{{end}}", "template_steps"),
        ("{{$x := list}}{{range 90000}}{{$x = append $x 1}}{{end}}", "template_steps"),
        (
            "{{$x := printf \"%1000d\" 1}}{{range 5}}{{$x = print $x $x}}{{end}}{{range 9000}}{{$y := print $x}}{{end}}",
            "template_steps",
        ),
        ("{{$x := list}}{{range 200}}{{$x = list $x}}{{end}}", "template_depth"),
        ("{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}", "template_output_bytes"),
        ("{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{toJson $x}}", "template_output_bytes"),
        ("{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}", "template_depth"),
        ("{{printf \"%1001d\" 1}}", "template_width"),
        ("{{printf \"%.*f\" 100000 1.5}}", "template_width"),
        (
            "{{reReplaceAll \"x*\" \"0123456789\" (printf \"%900d %900d %900d %900d %900d %900d %900d %900d\" 1 2 3 4 5 6 7 8)}}",
            "template_output_bytes",
        ),
        ("{{join (printf \"%1000d\" 1) (slice (index (dict \"a\" .) \"a\") 0 90)}}", "template_output_bytes"),
    ] {
        let mut templates = Templates::new(Dialect::Alertmanager);
        templates.add("t", text).unwrap();
        let texts = Value::texts(["x"; 90]);
        let mut host = Fixed { samples: Vec::new() };
        for mode in [Mode::Text, Mode::Html] {
            let got = templates.execute("t", &texts, &mut host, mode, Limits::ANNOTATION);
            assert!(got.as_ref().is_err_and(|error| error.to_string().contains(limit)), "{text}: {got:?}");
        }
    }
    let nested = format!("{}{}", "{{if true}}".repeat(101), "{{end}}".repeat(101));
    for text in [nested, format!("{{{{{}1{}}}}}", "(".repeat(200), ")".repeat(200))] {
        let error = Templates::new(Dialect::Prometheus).add("t", &text).unwrap_err();
        assert!(error.to_string().contains("template_depth"), "{error}");
    }
    let queries = "{{range 6}}{{query \"up\"}}{{end}}";
    let got = expand(Templates::new(Dialect::Prometheus), "t", queries, &Value::Nil, Mode::Text, Vec::new());
    assert!(got.unwrap_err().contains("template_queries"));
}

/// What labels say is never taken for a template, nor for markup.
#[test]
fn what_labels_say_stays_text() {
    let labels = Labels::from_pairs([("evil", "{{ query \"up\" }}<script>alert(1)</script>")]);
    let data = rule_data(&labels, &Labels::default(), "", &SampleValue::Float(1.0));
    let text = format!("{RULE_VARIABLES}{{{{ $labels.evil }}}}");
    for (mode, want) in [
        (Mode::Text, "{{ query \"up\" }}<script>alert(1)</script>"),
        (Mode::Html, "{{ query &#34;up&#34; }}&lt;script&gt;alert(1)&lt;/script&gt;"),
    ] {
        let got = expand(Templates::new(Dialect::Prometheus), "t", &text, &data, mode, Vec::new());
        assert_eq!(got.as_deref(), Ok(want));
    }
}

/// Where it is not certain what a value would mean to a script, it is not written.
#[test]
fn uncertain_places_of_scripts_are_refused() {
    for text in
        ["<script>var x = `{{.}}`</script>", "<script>`${ {{.}} }`</script>", "<a onclick=\"f(&grave;{{.}}&grave;)\">"]
    {
        let got = expand(Templates::new(Dialect::Alertmanager), "t", text, &"alert(1)".into(), Mode::Html, Vec::new());
        assert!(got.is_err(), "{text}: {got:?}");
    }
}

proptest! {
    /// Pieces of templates in any order: whatever comes of it, the limits hold and nothing panics.
    #[test]
    fn any_pieces_are_read_and_filled_in(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        let mut templates = Templates::new(Dialect::Alertmanager);
        if templates.add("t", &pieces.concat()).is_ok() {
            let limits = Limits { output_bytes: 2000, steps: 2000, depth: 30, queries: 0 };
            for mode in [Mode::Text, Mode::Html] {
                let mut host = Fixed { samples: Vec::new() };
                if let Ok(text) = templates.execute("t", &oracle_data(), &mut host, mode, limits) {
                    prop_assert!(text.len() <= 2000);
                }
            }
        }
    }

    /// Text that comes out in HTML mode holds no markup but the template's.
    #[test]
    fn values_cannot_leave_their_place(text in "[<>\"'&=`a-c /\\\\-]{0,20}") {
        for (before, behind) in [("<p>", "</p>"), ("<p title=\"", "\">"), ("<p title='", "'>"), ("<p title=", ">"), ("<a href=\"", "\">"), ("<title>", "</title>")] {
            let whole = format!("{before}{{{{.}}}}{behind}");
            let got = expand(Templates::new(Dialect::Alertmanager), "t", &whole, &text.as_str().into(), Mode::Html, Vec::new()).unwrap();
            let value = &got[before.len()..got.len() - behind.len()];
            prop_assert!(!value.contains(['<', '>', '"', '\'']), "{}", got);
            prop_assert!(!before.ends_with('=') || !value.contains([' ', '=', '`']), "{}", got);
        }
    }

    /// Formats of any kind are filled in as far as they can be.
    #[test]
    fn any_format_is_filled_in(format in "[%a-zA-Z0-9.*# +\\[\\]-]{0,24}") {
        let text = "{{printf (index . 0) 1 \"a\" 2.5 (list 1 \"b\") true}}";
        let data = Value::texts([format.as_str()]);
        let got = expand(Templates::new(Dialect::Alertmanager), "t", text, &data, Mode::Text, Vec::new());
        prop_assert!(got.as_ref().map_or_else(|error| error.contains("template_width"), |_| true), "{:?}", got);
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "{{if .Yes}}",
    "{{if .No}}",
    "{{else}}",
    "{{else if .Int}}",
    "{{end}}",
    "{{range .List}}",
    "{{range $i, $e := .Map}}",
    "{{with .Map}}",
    "{{.}}",
    "{{.Text}}",
    "{{$x := 1}}",
    "{{$x}}",
    "{{$x = print $x $x}}",
    "{{define \"d\"}}",
    "{{template \"d\" .}}",
    "{{block \"b\" .}}",
    "{{printf \"%v %d\" .Text .Int}}",
    "{{break}}",
    "{{continue}}",
    "{{index .List 1}}",
    "{{slice .Text 1 3}}",
    "{{len .Map}}",
    "{{.Time}}",
    "{{toJson .}}",
    "{{list 1 .}}",
    "{{.Dur}}",
    "{{(.Map).m.k}}",
    "{{eq .Int 42}}",
    "<p>",
    "<a href=\"",
    "\">",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "'",
    "\"",
    "<!--",
    "-->",
    "<p title=",
    " ",
    "é",
    "{{/* c */}}",
    "{{urlquery .Text | html}}",
    "{{dict \"a\" 1}}",
];

/// How many templates stand in `tests/oracle/cases.json`.
const N_ORACLE_CASES: usize = 2977;
