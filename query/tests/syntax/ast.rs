//! Trees in the form of `promql-parse/cases.json`: Go's field names, zero values left out.

use model::Matcher;
use query::syntax::{
    Aggregate, At, Binary, BinaryOp, Border, Cardinality, DurationExpr, DurationOp, Expr, Length, NodeId, NodeKind,
    Subquery, VectorSelector,
};
use serde_json::{Map, Value, json};

use crate::cases::base64;

/// The tree as JSON; a node's children first is as deep as the suite goes, so this may recurse.
pub(crate) fn tree(expr: &Expr) -> Value {
    node(expr, expr.root())
}

fn node(expr: &Expr, id: NodeId) -> Value {
    let node_ref = expr.node(id);
    let span = json!([node_ref.span.start, node_ref.span.end]);
    let child = |id: NodeId| node(expr, id);
    let value = match &node_ref.kind {
        NodeKind::Number { value, is_duration } => json!({
            "node": "NumberLiteral", "Val": float(*value), "Duration": is_duration, "PosRange": span,
        }),
        NodeKind::String(value) => json!({ "node": "StringLiteral", "Val": value, "PosRange": span }),
        NodeKind::VectorSelector(selector) => vector_selector(expr, selector, &span),
        NodeKind::MatrixSelector { selector, range } => json!({
            "node": "MatrixSelector", "VectorSelector": child(*selector), "Range_ms": range.millis,
            "RangeExpr": length(expr, *range), "EndPos": node_ref.span.end,
        }),
        NodeKind::Subquery(subquery) => {
            let Subquery { expr: inner, range, step, offset, at } = &**subquery;
            json!({
                "node": "SubqueryExpr", "Expr": child(*inner), "Range_ms": range.millis, "RangeExpr": length(expr, *range),
                "Step_ms": step.millis, "StepExpr": length(expr, *step), "OriginalOffset_ms": offset.millis,
                "OriginalOffsetExpr": length(expr, *offset), "Timestamp": timestamp(*at), "StartOrEnd": start_or_end(*at),
                "EndPos": node_ref.span.end,
            })
        }
        NodeKind::Aggregate(aggregate) => {
            let Aggregate { op, expr: inner, param, grouping, without } = &**aggregate;
            json!({
                "node": "AggregateExpr", "Op": op.as_str().to_uppercase(), "Expr": child(*inner),
                "Param": param.map(child), "Grouping": grouping, "Without": without, "PosRange": span,
            })
        }
        NodeKind::Binary(binary) => {
            let Binary { op, left, right, is_bool, matching } = &**binary;
            let matching = matching.as_ref().map(|matching| {
                let card = match matching.card {
                    Cardinality::OneToOne => "CardOneToOne",
                    Cardinality::ManyToOne => "CardManyToOne",
                    Cardinality::OneToMany => "CardOneToMany",
                    Cardinality::ManyToMany => "CardManyToMany",
                };
                without_zeros(json!({
                    "node": "VectorMatching", "Card": card, "MatchingLabels": matching.labels, "On": matching.on,
                    "Include": matching.include,
                }))
            });
            json!({
                "node": "BinaryExpr", "Op": binary_op(*op), "LHS": child(*left), "RHS": child(*right),
                "ReturnBool": is_bool, "VectorMatching": matching,
            })
        }
        NodeKind::Call { function, args } => json!({
            "node": "Call", "Func": function.name, "Args": args.iter().map(|&arg| child(arg)).collect::<Vec<_>>(),
            "PosRange": span,
        }),
        NodeKind::Paren(inner) => json!({ "node": "ParenExpr", "Expr": child(*inner), "PosRange": span }),
        NodeKind::Unary { is_minus, expr: inner } => json!({
            "node": "UnaryExpr", "Op": if *is_minus { "SUB" } else { "ADD" }, "Expr": child(*inner),
            "StartPos": node_ref.span.start,
        }),
        NodeKind::Duration(duration) => duration_expr(expr, duration, id),
    };
    without_zeros(value)
}

fn vector_selector(expr: &Expr, selector: &VectorSelector, span: &Value) -> Value {
    let VectorSelector { name, matchers, offset, at, border, may_match_all } = selector;
    json!({
        "node": "VectorSelector", "Name": name, "LabelMatchers": matchers.iter().map(matcher).collect::<Vec<_>>(),
        "PosRange": span, "OriginalOffset_ms": offset.millis, "OriginalOffsetExpr": length(expr, *offset),
        "Timestamp": timestamp(*at), "StartOrEnd": start_or_end(*at), "BypassEmptyMatcherCheck": may_match_all,
        "Anchored": *border == Border::Anchored, "Smoothed": *border == Border::Smoothed,
    })
}

fn duration_expr(expr: &Expr, duration: &DurationExpr, id: NodeId) -> Value {
    let span = expr.node(id).span;
    let op = match duration.op {
        DurationOp::Add => "ADD",
        DurationOp::Sub => "SUB",
        DurationOp::Mul => "MUL",
        DurationOp::Div => "DIV",
        DurationOp::Mod => "MOD",
        DurationOp::Pow => "POW",
        DurationOp::Step => "STEP",
        DurationOp::Range => "RANGE",
        DurationOp::MinOf => "MIN_OF",
        DurationOp::MaxOf => "MAX_OF",
    };
    let is_call = duration.right.is_none();
    // Positions of operations with two sides follow from the sides; the fields are left out there.
    json!({
        "node": "DurationExpr", "Op": op, "LHS": duration.left.map(|left| node(expr, left)),
        "RHS": duration.right.map(|right| node(expr, right)), "Wrapped": duration.is_wrapped,
        "StartPos": if duration.left.is_none() { span.start } else { 0 },
        "EndPos": if is_call { span.end } else { 0 },
    })
}

/// What is no part of the comparison: where calls with two arguments and their like begin and end.
pub(crate) fn without_derived_positions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_two_sided =
                fields.get("node").is_some_and(|node| node == "DurationExpr") && fields.contains_key("LHS");
            let is_signed_call = fields.get("node").is_some_and(|node| node == "DurationExpr")
                && !fields.contains_key("LHS")
                && fields.contains_key("RHS");
            if is_two_sided {
                fields.remove("StartPos");
            }
            if is_two_sided || is_signed_call {
                fields.remove("EndPos");
            }
            fields.values_mut().for_each(without_derived_positions);
        }
        Value::Array(items) => items.iter_mut().for_each(without_derived_positions),
        _ => {}
    }
}

fn length(expr: &Expr, length: Length) -> Value {
    length.expr.map_or(Value::Null, |id| node(expr, id))
}

fn timestamp(at: Option<At>) -> Value {
    match at {
        Some(At::Time(millis)) => json!(millis),
        _ => Value::Null,
    }
}

fn start_or_end(at: Option<At>) -> Value {
    match at {
        Some(At::Start) => json!("START"),
        Some(At::End) => json!("END"),
        _ => Value::Null,
    }
}

fn matcher(matcher: &Matcher) -> Value {
    json!([matcher.op().as_str(), matcher.name(), matcher.value()])
}

pub(crate) fn float(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

fn binary_op(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "ADD",
        BinaryOp::Sub => "SUB",
        BinaryOp::Mul => "MUL",
        BinaryOp::Div => "DIV",
        BinaryOp::Mod => "MOD",
        BinaryOp::Pow => "POW",
        BinaryOp::Atan2 => "ATAN2",
        BinaryOp::Equal => "EQLC",
        BinaryOp::NotEqual => "NEQ",
        BinaryOp::Less => "LSS",
        BinaryOp::LessEqual => "LTE",
        BinaryOp::Greater => "GTR",
        BinaryOp::GreaterEqual => "GTE",
        BinaryOp::TrimUpper => "TRIM_UPPER",
        BinaryOp::TrimLower => "TRIM_LOWER",
        BinaryOp::And => "LAND",
        BinaryOp::Or => "LOR",
        BinaryOp::Unless => "LUNLESS",
    }
}

/// Drops fields that have Go's zero value, as the suite does.
pub(crate) fn without_zeros(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let is_kept = |name: &str, value: &Value| {
        let is_zero = *value == json!(null)
            || *value == json!(false)
            || *value == json!("")
            || *value == json!([])
            || *value == json!(0);
        let is_default = name == "Card" && *value == json!("CardOneToOne");
        !is_zero && !is_default
    };
    Value::Object(fields.into_iter().filter(|(name, value)| is_kept(name, value)).collect::<Map<_, _>>())
}

/// The suite's tree without zero values, however deep they are.
pub(crate) fn normalised(value: Value) -> Value {
    match value {
        // Go's strings hold any bytes; ours hold U+FFFD for what is no UTF-8.
        Value::Object(fields) if fields.contains_key("$b64") => {
            let bytes = base64(fields["$b64"].as_str().unwrap());
            json!(
                bytes
                    .utf8_chunks()
                    .map(|chunk| chunk.valid().to_owned() + &"\u{fffd}".repeat(chunk.invalid().len()))
                    .collect::<String>()
            )
        }
        Value::Object(fields) => {
            without_zeros(Value::Object(fields.into_iter().map(|(name, value)| (name, normalised(value))).collect()))
        }
        // Floats that are integers are integers.
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), float),
        Value::Array(items) => Value::Array(items.into_iter().map(normalised).collect()),
        other => other,
    }
}
