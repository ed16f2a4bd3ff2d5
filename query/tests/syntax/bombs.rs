//! Texts made to hurt: nested, chained, long. What is refused is refused by a limit that has a name; what is taken is
//! parsed, checked, printed and dropped on the small stack of a test thread.

use query::syntax::{self, MAX_DEPTH, MAX_TEXT_BYTES, Options};

/// What becomes of a text.
enum Fate {
    /// It is an expression.
    Taken,
    /// The first error has this in it.
    Refused(&'static str),
}

use Fate::{Refused, Taken};

fn check(text: &str, fate: &Fate) {
    let shown: String = text.chars().take(40).collect();
    match (syntax::parse(text, Options::all()), fate) {
        (Ok(expr), Taken) => {
            let printed = expr.to_string();
            if printed.len() <= MAX_TEXT_BYTES {
                let again = syntax::parse(&printed, Options::all()).unwrap_or_else(|error| panic!("{shown}: {error}"));
                assert_eq!(again.to_string(), printed, "{shown}");
            }
            assert!(expr.to_json().len() > printed.len() / 2, "{shown}");
        }
        (Err(errors), Refused(why)) => assert!(errors.to_string().contains(why), "{shown}: {errors}"),
        (Ok(_), Refused(why)) => panic!("{shown}: taken, want {why}"),
        (Err(errors), Taken) => panic!("{shown}: refused: {errors}"),
    }
}

#[test]
fn brackets_signs_and_powers_nest_up_to_the_limit() {
    const TOO_DEEP: Fate = Refused("nested too deeply: 513 levels");
    let nested = |open: &str, inner: &str, close: &str, n: usize| open.repeat(n) + inner + &close.repeat(n);
    for (open, inner, close) in [
        ("(", "a", ")"),
        ("-(", "a", ")"),
        ("sum(", "a", ")"),
        ("abs(", "a", ")"),
        ("a + on(x) (", "a", ")"),
        ("-", "a", ""),
    ] {
        let levels_each = open.matches(['(', '-']).count() - usize::from(open.contains("on("));
        let n = MAX_DEPTH / levels_each;
        check(&nested(open, inner, close, n), &Taken);
        check(&nested(open, inner, close, n + 1), &TOO_DEEP);
    }
    check(&("a".to_owned() + &" ^ a".repeat(MAX_DEPTH)), &Taken);
    check(&("a".to_owned() + &" ^ a".repeat(MAX_DEPTH + 1)), &TOO_DEEP);
    let duration = |open: &str, n: usize| format!("a[{}5m{}]", open.repeat(n), ")".repeat(n));
    check(&duration("(", MAX_DEPTH - 1), &Taken);
    check(&duration("(", MAX_DEPTH), &TOO_DEEP);
    check(&format!("a[{}5m]", "-".repeat(MAX_DEPTH - 2)), &Taken);
    check(&format!("a[{}5m]", "-".repeat(60_000)), &TOO_DEEP);
}

#[test]
fn chains_are_as_long_as_the_text_allows() {
    let chain = |first: &str, next: &str| first.to_owned() + &next.repeat((MAX_TEXT_BYTES - first.len()) / next.len());
    check(&chain("a", "+a"), &Taken);
    check(&chain("a", " or a"), &Taken);
    check(&chain("1", "-1"), &Taken);
    check(&chain("a", "*-a"), &Taken);
    check(&chain("a[5m", "+5m").replace("5m+5m+5m", "5m+5m"), &Refused("unclosed left bracket"));
    check(&(chain("a[1", "+1")[..MAX_TEXT_BYTES - 1].to_owned() + "]"), &Taken);
    check(&("sum(a".to_owned() + &",a".repeat(30_000) + ")"), &Refused("wrong number of arguments"));
    check(&chain("a", "[1m:]"), &Refused("subquery is only allowed on instant vector"));
    check(&("a{".to_owned() + &"x=\"\",".repeat(10_000) + "y=\"z\"}"), &Taken);
    check(&("sum by (".to_owned() + &"x,".repeat(20_000) + ") (a)"), &Taken);
    check(&("label_join(a, \"x\", \"\"".to_owned() + &",\"y\"".repeat(15_000) + ")"), &Taken);
    check(&("# ".repeat(30_000) + "\na"), &Taken);
}

#[test]
fn long_texts_are_refused_before_they_are_read() {
    const TOO_LONG: Fate = Refused("query text is too long");
    for text in
        ["(".repeat(100_000), "-".repeat(100_000), "sum(".repeat(100_000), format!("\"{}\"", "x".repeat(1 << 20))]
    {
        check(&text, &TOO_LONG);
    }
    check(&" ".repeat(MAX_TEXT_BYTES + 1), &Refused("65537 bytes, limit 65536"));
}

#[test]
fn formatting_ends_where_indentation_explodes() {
    let chain = "a".to_owned() + &"+a".repeat(30_000);
    let error = syntax::parse(&chain, Options::all()).unwrap().pretty(100).unwrap_err();
    assert!(error.to_string().contains("max_formatted_query_bytes"), "{error}");
}

#[test]
fn broken_texts_of_every_length() {
    let text = r#"sum by (a, "b.c") (rate({"x.y", z=~"a|b"}[5m + step()] @ start() offset -(1h)) / on() group_left(q) (-b[1m:10s])) > bool 1"#;
    assert!(syntax::parse("a[5m:", Options::all()).is_err());
    for end in 0..text.len() {
        let _ = syntax::parse(&text[..end], Options::all());
        let _ = syntax::parse(&text[end..], Options::all());
        for byte in [b'(', b')', b'{', b'}', b'[', b']', b'"', b'\\', b',', b'-', b'#', 0xff, 0] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[end] = byte;
            let _ = syntax::parse_bytes(&bytes, Options::all());
            let _ = syntax::series::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn a_description_stands_for_a_limited_number_of_values() {
    for text in ["a _x1048577", "a 1x1048576", "a 1+1x18446744073709551615", "a {{}}x1048576", "a {{}}+{{}}x99999999"] {
        let error = syntax::series::parse(text).unwrap_err().to_string();
        assert!(error.contains("max_series_values"), "{text}: {error}");
    }
    assert_eq!(syntax::series::parse("a _x1048576").unwrap().values.len(), 1 << 20);
}
