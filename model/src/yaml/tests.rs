use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Outer", default, deny_unknown_fields)]
struct Outer {
    name: String,
    count: u32,
    on: bool,
    factor: f64,
    list: Vec<Inner>,
    map: BTreeMap<String, String>,
    option: Option<Inner>,
    #[serde(rename = "<inline>")]
    inline: Inline,
    #[serde(rename = "<inline 2>")]
    second: Second,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Inner", default, deny_unknown_fields)]
struct Inner {
    name: String,
    count: i32,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Inline", default, deny_unknown_fields)]
struct Inline {
    user: String,
    inner: Inner,
    #[serde(rename = "<inline>")]
    deeper: Deeper,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Deeper", default, deny_unknown_fields)]
struct Deeper {
    proxy: String,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Second", default, deny_unknown_fields)]
struct Second {
    kind: String,
}

fn read(text: &str) -> (Option<Outer>, Vec<String>) {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(problem) => return (None, vec![shown(text, &problem)]),
    };
    let (value, problems) = document.read();
    (value, problems.iter().map(|problem| shown(text, problem)).collect())
}

/// `PATH: MESSAGE at "BYTES" (HELP)`.
fn shown(text: &str, problem: &Problem) -> String {
    let bytes = &text[problem.span.start..problem.span.end];
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{}: {} at {bytes:?}{help}", problem.path, problem.message)
}

#[test]
fn fields_find_their_places() {
    let check = |text: &str, want: Outer| assert_eq!(read(text), (Some(want), Vec::new()), "{text}");
    let default = Outer::default;
    check("", default());
    check("# nothing\n", default());
    check("---\n", default());
    check("name: 010\ncount: 010", Outer { name: "010".into(), count: 8, ..default() });
    check("name: yes\non: yes", Outer { name: "yes".into(), on: true, ..default() });
    check("name: 'null'", Outer { name: "null".into(), ..default() });
    check("name:\ncount:\non: ~\nlist:\nmap:\noption:", default());
    check("count: 1e3\nfactor: 2", Outer { count: 1000, factor: 2.0, ..default() });
    check(
        "{name: !!str 1, map: {a: 1, b: true, c: 1.0}}",
        Outer {
            name: "1".into(),
            map: [("a", "1"), ("b", "true"), ("c", "1.0")].map(|(k, v)| (k.into(), v.into())).into(),
            ..default()
        },
    );
    check("name: !!binary aGk=", Outer { name: "hi".into(), ..default() });
    let inner = |count| Inner { name: "x".into(), count };
    check(
        "list: [&a {name: x, count: 1}, *a, {<<: *a, count: 2}, {<<: [*a, {count: 3}]}]",
        Outer { list: vec![inner(1), inner(1), inner(2), inner(1)], ..default() },
    );
    check(
        "kind: k\nproxy: p\nuser: u\ninner: {count: 3}",
        Outer {
            inline: Inline {
                user: "u".into(),
                inner: Inner { count: 3, ..Inner::default() },
                deeper: Deeper { proxy: "p".into() },
            },
            second: Second { kind: "k".into() },
            ..default()
        },
    );
    check("name: a\n---\nname: b", Outer { name: "a".into(), ..default() });
}

#[test]
fn documents_of_a_text_know_their_places_in_it() {
    let check = |text: &str, want: &[&str]| {
        let shown = |read: &Result<Document, Problem>| match read {
            Ok(document) => {
                let name = [Step::Key("name".to_owned())];
                let start = document.find(&name).map(|(span, _)| span.start);
                format!("{} at {}", document.text_at(&name).unwrap_or("-"), start.unwrap_or_default())
            }
            Err(problem) => format!("{} at {}", problem.message, problem.span.start),
        };
        assert_eq!(Document::parse_all(text).iter().map(shown).collect::<Vec<_>>(), want, "{text}");
    };
    check("", &[]);
    check("---\n---\n# nothing\n", &[]);
    check("name: 010", &["010 at 6"]);
    check("# first\n%YAML 1.2\n---\nname: a\n---\nname: b\n...\n", &["a at 28", "b at 40"]);
    check("--- {name: a}\n---\n---\nname: b", &["a at 11", "b at 28"]);
    check("name: |\n  ---\n  a\n---x: 1\n", &["---\na\n at 10"]);
    check("name: a\n---\nname: [b\n---\nname: c\n", &["a at 6", "yaml: unclosed bracket '[' at 18", "c at 31"]);
}

#[test]
fn elements_are_documents() {
    let document = Document::parse("- {name: a, count: x}\n- {name: &b b}\n- *b\n").unwrap();
    let elements = document.elements().unwrap();
    let names: Vec<_> = elements.iter().map(|element| element.text_at(&[Step::Key("name".to_owned())])).collect();
    assert_eq!(names, [Some("a"), Some("b"), None]);
    let (_, problems) = elements[0].read::<Inner>();
    let want = [("[0].count", 19, "cannot unmarshal !!str `x` into int")];
    let found: Vec<_> = problems.iter().map(|p| (p.path.as_str(), p.span.start, p.message.as_str())).collect();
    assert_eq!(found, want);
    assert!(elements[0].elements().is_none());
}

#[test]
fn all_mistakes_are_named_at_their_places() {
    let check = |text: &str, want: &[&str]| assert_eq!(read(text).1, want, "{text}");
    check("nam: x", &["nam: field nam not found in type Outer at \"nam\" (did you mean `name`?)"]);
    check(
        "inner: {cound: 3}",
        &["inner.cound: field cound not found in type Inner at \"cound\" (did you mean `count`?)"],
    );
    check("count: x\nproxy: p\nuser: u", &["count: cannot unmarshal !!str `x` into uint at \"x\""]);
    check("prox: x", &["prox: field prox not found in type Outer at \"prox\" (did you mean `proxy`?)"]);
    check(
        "list: [{xyzzy: 3}]",
        &["list[0].xyzzy: field xyzzy not found in type Inner at \"xyzzy\" (known here: count, name)"],
    );
    check("name: a\nname: b", &["name: field name already set in type Outer at \"name\""]);
    check("map: {a: b, a: c}", &["map.a: key \"a\" already set in map at \"a\""]);
    check(
        "count: x\non: 3\nlist: {}\nmap: []\nname: [a]\nfactor: no\n",
        &[
            "count: cannot unmarshal !!str `x` into uint at \"x\"",
            "on: cannot unmarshal !!int `3` into bool at \"3\"",
            "list: cannot unmarshal !!map into a list at \"{}\"",
            "map: cannot unmarshal !!seq into a mapping at \"[]\"",
            "name: cannot unmarshal !!seq into string at \"[a]\"",
            "factor: cannot unmarshal !!bool `no` into float64 at \"no\"",
        ],
    );
    check("count: -1", &["count: cannot unmarshal !!int `-1` into uint at \"-1\""]);
    check(
        "list:\n- name: a\n-\n- count: 99999999999\n",
        &[
            "list[1]: empty or null Inner at \"\"",
            "list[2].count: cannot unmarshal !!int `99999999999` into int at \"99999999999\"",
        ],
    );
    check("- a", &[": cannot unmarshal !!seq into Outer at \"- a\""]);
    check("text", &[": cannot unmarshal !!str into Outer at \"text\""]);
    check("a: [", &[": yaml: unclosed bracket '[' at \"\""]);
    check("name: !!binary '!'", &[": yaml: !!binary value contains invalid base64 data at \"'!'\""]);
    check("<<: x", &[": yaml: map merge requires map or sequence of maps as the value at \"x\""]);
    check("a: &a [*a]", &[": yaml: an alias cannot stand within what it means at \"*a\""]);
}

#[test]
fn what_does_not_fit_is_left_out() {
    let (value, problems) = read("name: a\ncount: x\nlist: [{name: b, count: y}, {name: c}]");
    let inner = |name: &str| Inner { name: name.into(), count: 0 };
    assert_eq!(value, Some(Outer { name: "a".into(), list: vec![inner("b"), inner("c")], ..Outer::default() }));
    assert_eq!(problems.len(), 2);
}

#[test]
fn aliases_of_aliases_meet_a_limit() {
    let mut text = String::from("a0: &a0 {x: y}\n");
    for i in 1..30 {
        text.push_str(&format!("a{i}: &a{i} {{x: *a{}, y: *a{0}}}\n", i - 1));
    }
    let document = Document::parse(&text).unwrap();
    let (value, problems) = document.read::<serde_json::Value>();
    assert_eq!(value, None);
    assert!(problems[0].message.contains("limit yaml_nodes"), "{problems:?}");
}

#[test]
fn faults_find_their_places() {
    let text = "name: a\nlist:\n- name: b\n  count: 3\n- count: 4\noption:\n";
    let document = Document::parse(text).unwrap();
    let mut faults = Faults::new();
    faults.add("name", "1");
    faults.within_each("list", [0, 1], |faults, _| faults.add("name", "2"));
    faults.within("option", |faults| faults.add("name", "3"));
    faults.add("list", "4");
    faults.add("missing", "5");
    let places: Vec<_> = faults.into_found().iter().map(|fault| shown(text, &document.locate(fault))).collect();
    assert_eq!(
        places,
        [
            "name: 1 at \"a\"",
            "list[0].name: 2 at \"b\"",
            "list[1].name: 2 at \"count\"",
            "option.name: 3 at \"option\"",
            "list: 4 at \"list\"",
            "missing: 5 at \"name\"",
        ]
    );
}

#[test]
fn values_are_written_and_read_back() {
    let value = Outer {
        name: "yes".into(),
        list: vec![Inner { name: "a: b".into(), count: -1 }, Inner::default()],
        inline: Inline { user: "u\nv".into(), ..Inline::default() },
        ..Outer::default()
    };
    let text = to_yaml(&value).unwrap();
    assert!(!text.contains('<'), "{text}");
    assert_eq!(read(&text), (Some(value), Vec::new()), "{text}");
}
