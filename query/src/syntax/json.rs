//! Trees as JSON, in the shape that `/api/v1/parse_query` gives to the query page.
//!
//! Written piece by piece instead of through a value tree, which could not be dropped without recursion. Keys are in
//! alphabetical order and `<`, `>`, `&` are escaped, as Go's encoder does it.

use model::{Matcher, float};

use super::ast::Border;
use super::ast::{
    Aggregate, At, Binary, DurationExpr, Expr, Length, Matching, NodeId, NodeKind, Subquery, VectorSelector,
};
use super::function::Function;
use super::print::sign;

/// What is still to be written.
enum Piece {
    Node(NodeId),
    Duration(NodeId),
    Text(String),
}

impl Expr {
    /// The tree as a JSON text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut pieces = vec![Piece::Node(self.root)];
        while let Some(piece) = pieces.pop() {
            let first = pieces.len();
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Node(id) => self.push_node(id, &mut pieces),
                Piece::Duration(id) => self.push_duration(id, &mut pieces),
            }
            pieces[first..].reverse();
        }
        out
    }

    fn push_node(&self, id: NodeId, pieces: &mut Vec<Piece>) {
        let mut push = |text: String| pieces.push(Piece::Text(text));
        match &self.node(id).kind {
            NodeKind::Number { value, .. } => {
                push(format!(r#"{{"type":"numberLiteral","val":"{}"}}"#, float::plain(*value)));
            }
            NodeKind::String(value) => push(format!(r#"{{"type":"stringLiteral","val":{}}}"#, string(value))),
            NodeKind::VectorSelector(selector) => push_selector(selector, None, pieces),
            NodeKind::MatrixSelector { selector, range } => {
                if let NodeKind::VectorSelector(selector) = &self.node(*selector).kind {
                    push_selector(selector, Some(*range), pieces);
                }
            }
            NodeKind::Subquery(subquery) => push_subquery(subquery, pieces),
            NodeKind::Aggregate(aggregate) => push_aggregate(aggregate, pieces),
            NodeKind::Binary(binary) => push_binary(binary, pieces),
            NodeKind::Call { function, args } => push_call(function, args, pieces),
            NodeKind::Paren(inner) => {
                push(r#"{"expr":"#.to_owned());
                pieces.push(Piece::Node(*inner));
                pieces.push(Piece::Text(r#","type":"parenExpr"}"#.to_owned()));
            }
            NodeKind::Unary { is_minus, expr } => {
                push(r#"{"expr":"#.to_owned());
                pieces.push(Piece::Node(*expr));
                pieces.push(Piece::Text(format!(r#","op":"{}","type":"unaryExpr"}}"#, sign(*is_minus))));
            }
            NodeKind::Duration(_) => self.push_duration(id, pieces),
        }
    }

    fn push_duration(&self, id: NodeId, pieces: &mut Vec<Piece>) {
        match &self.node(id).kind {
            NodeKind::Number { value, is_duration } => pieces.push(Piece::Text(format!(
                r#"{{"duration":{is_duration},"type":"numberLiteral","val":"{}"}}"#,
                float::plain(*value)
            ))),
            NodeKind::Duration(DurationExpr { op, left, right, is_wrapped }) => {
                pieces.push(Piece::Text(r#"{"lhs":"#.to_owned()));
                push_optional(*left, pieces);
                pieces.push(Piece::Text(format!(r#","op":"{}","rhs":"#, op.as_str())));
                push_optional(*right, pieces);
                pieces.push(Piece::Text(format!(r#","type":"durationExpr","wrapped":{is_wrapped}}}"#)));
            }
            _ => self.push_node(id, pieces),
        }
    }
}

fn push_optional(duration: Option<NodeId>, pieces: &mut Vec<Piece>) {
    pieces.push(duration.map_or_else(|| Piece::Text("null".to_owned()), Piece::Duration));
}

fn push_selector(selector: &VectorSelector, range: Option<Length>, pieces: &mut Vec<Piece>) {
    let VectorSelector { name, matchers, offset, at, border, .. } = selector;
    let mut push = |text: String| pieces.push(Piece::Text(text));
    push(format!(
        r#"{{"anchored":{},"matchers":{},"name":{},"offset":{},"offsetExpr":"#,
        *border == Border::Anchored,
        matcher_list(matchers),
        string(name),
        offset.millis
    ));
    push_optional(offset.expr, pieces);
    if let Some(range) = range {
        pieces.push(Piece::Text(format!(r#","range":{},"rangeExpr":"#, range.millis)));
        push_optional(range.expr, pieces);
    }
    let kind = if range.is_some() { "matrixSelector" } else { "vectorSelector" };
    let is_smoothed = *border == Border::Smoothed;
    pieces.push(Piece::Text(format!(r#","smoothed":{is_smoothed},{},"type":"{kind}"}}"#, at_fields(*at))));
}

fn push_subquery(subquery: &Subquery, pieces: &mut Vec<Piece>) {
    let Subquery { expr, range, step, offset, at } = subquery;
    pieces.push(Piece::Text(r#"{"expr":"#.to_owned()));
    pieces.push(Piece::Node(*expr));
    pieces.push(Piece::Text(format!(r#","offset":{},"offsetExpr":"#, offset.millis)));
    push_optional(offset.expr, pieces);
    pieces.push(Piece::Text(format!(r#","range":{},"rangeExpr":"#, range.millis)));
    push_optional(range.expr, pieces);
    // Alphabetical order puts the step between the two fields of `@`.
    let (start_or_end, timestamp) = at_values(*at);
    pieces.push(Piece::Text(format!(r#","startOrEnd":{start_or_end},"step":{},"stepExpr":"#, step.millis)));
    push_optional(step.expr, pieces);
    pieces.push(Piece::Text(format!(r#","timestamp":{timestamp},"type":"subquery"}}"#)));
}

fn push_aggregate(aggregate: &Aggregate, pieces: &mut Vec<Piece>) {
    let Aggregate { op, expr, param, grouping, without } = aggregate;
    pieces.push(Piece::Text(r#"{"expr":"#.to_owned()));
    pieces.push(Piece::Node(*expr));
    let head = format!(r#","grouping":{},"op":"{}","param":"#, string_list(grouping), op.as_str());
    pieces.push(Piece::Text(head));
    pieces.push(param.map_or_else(|| Piece::Text("null".to_owned()), Piece::Node));
    pieces.push(Piece::Text(format!(r#","type":"aggregation","without":{without}}}"#)));
}

fn push_binary(binary: &Binary, pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Text(format!(r#"{{"bool":{},"lhs":"#, binary.is_bool)));
    pieces.push(Piece::Node(binary.left));
    let matching = binary.matching.as_ref().map_or_else(|| "null".to_owned(), matching);
    let op = string(binary.op.as_str());
    pieces.push(Piece::Text(format!(r#","matching":{matching},"op":{op},"rhs":"#)));
    pieces.push(Piece::Node(binary.right));
    pieces.push(Piece::Text(r#","type":"binaryExpr"}"#.to_owned()));
}

fn push_call(function: &Function, args: &[NodeId], pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Text(r#"{"args":["#.to_owned()));
    for (at, &arg) in args.iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Text(",".to_owned()));
        }
        pieces.push(Piece::Node(arg));
    }
    let types: Vec<String> = function.args.iter().map(|arg| format!("\"{}\"", arg.as_str())).collect();
    pieces.push(Piece::Text(format!(
        r#"],"func":{{"argTypes":[{}],"name":"{}","returnType":"{}","variadic":{}}},"type":"call"}}"#,
        types.join(","),
        function.name,
        function.returns.as_str(),
        function.variadic.number()
    )));
}

fn matching(matching: &Matching) -> String {
    let fill = |value: Option<f64>| value.map_or_else(|| "null".to_owned(), number);
    format!(
        r#"{{"card":"{}","fillValues":{{"lhs":{},"rhs":{}}},"include":{},"labels":{},"on":{}}}"#,
        matching.card.as_str(),
        fill(matching.fill_left),
        fill(matching.fill_right),
        string_list(&matching.include),
        string_list(&matching.labels),
        matching.on
    )
}

/// A number as Go's encoder writes it; JSON has no other than finite ones.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    if value != 0.0 && (value.abs() < 1e-6 || value.abs() >= 1e21) {
        return float::scientific(value).replace("e-0", "e-");
    }
    float::plain(value)
}

fn at_fields(at: Option<At>) -> String {
    let (start_or_end, timestamp) = at_values(at);
    format!(r#""startOrEnd":{start_or_end},"timestamp":{timestamp}"#)
}

fn at_values(at: Option<At>) -> (&'static str, String) {
    match at {
        Some(At::Time(millis)) => ("null", millis.to_string()),
        Some(At::Start) => ("\"start\"", "null".to_owned()),
        Some(At::End) => ("\"end\"", "null".to_owned()),
        None => ("null", "null".to_owned()),
    }
}

fn matcher_list(matchers: &[Matcher]) -> String {
    let items: Vec<String> = matchers
        .iter()
        .map(|matcher| {
            let (name, value) = (string(matcher.name()), string(matcher.value()));
            format!(r#"{{"name":{name},"type":"{}","value":{value}}}"#, matcher.op())
        })
        .collect();
    format!("[{}]", items.join(","))
}

fn string_list(list: &[String]) -> String {
    let items: Vec<String> = list.iter().map(|item| string(item)).collect();
    format!("[{}]", items.join(","))
}

/// A string with quotes.
fn string(text: &str) -> String {
    let plain = serde_json::Value::from(text).to_string();
    plain
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
