//! From text to a condition, or to the column where it stops making sense and what was expected there.
//!
//! ```text
//! condition  = any [ "for" duration ]
//! any        = all { "or" all }
//! all        = one { "and" one }
//! one        = "not" one | "(" any ")" | "true" | "false" | firing | comparison
//! firing     = "alert.firing" "(" [ name "=" word { "," name "=" word } ] ")"
//! comparison = quantity operator amount
//!            | fact ( "==" | "!=" ) word
//!            | fact [ "not" ] "in" "[" word { "," word } "]"
//! ```

use model::duration::PromDuration;

use super::facts::{Kind, Quantity, Word};
use super::lexer::{Token, TokenKind, tokens};
use super::tree::{Condition, Node, Operator};

/// The limit `slo_condition_bytes`: the longest condition.
pub const MAX_CONDITION_BYTES: usize = 1024;
/// The limit `slo_condition_depth`: `not` and brackets within one another.
pub const MAX_CONDITION_DEPTH: usize = 32;

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ConditionError {
    /// Where, in characters, from 1.
    pub column: usize,
    /// Where, in bytes, from 0.
    pub at: usize,
    /// What was expected, and what stands there.
    pub message: String,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// When it is none: the place and what was expected there.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        if text.len() > MAX_CONDITION_BYTES {
            let message = format!(
                "the condition has {} bytes, and the limit is {MAX_CONDITION_BYTES} (slo_condition_bytes)",
                text.len()
            );
            return Err(ConditionError { column: 1, at: 0, message });
        }
        let mut parser = Parser { text, tokens: tokens(text), next: 0, without_percent: Vec::new() };
        let root = parser.any(0)?;
        let is_lasting = parser.takes_name("for");
        let for_ms = if is_lasting { parser.duration("how long it has to hold: a duration")? } else { 0 };
        match parser.peek().kind {
            TokenKind::End => {
                Ok(Condition { text: text.to_owned(), root, for_ms, without_percent: parser.without_percent })
            }
            _ if is_lasting => Err(parser.expected("the end, for what has to hold for a while is the whole condition")),
            _ => Err(parser.expected("\"and\", \"or\" or the end")),
        }
    }
}

struct Parser<'text> {
    text: &'text str,
    tokens: Vec<Token<'text>>,
    next: usize,
    without_percent: Vec<(usize, usize)>,
}

impl<'text> Parser<'text> {
    fn peek(&self) -> Token<'text> {
        // The last token is the end, which nobody takes.
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token<'text> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn takes_name(&mut self, name: &str) -> bool {
        let is_it = self.peek().kind == TokenKind::Name(name);
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = self.peek().kind == TokenKind::Sign(sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &str) -> Result<(), ConditionError> {
        if self.takes_sign(sign) { Ok(()) } else { Err(self.expected(&format!("{sign:?}"))) }
    }

    fn error_at(&self, at: usize, message: String) -> ConditionError {
        ConditionError { column: 1 + self.text[..at].chars().count(), at, message }
    }

    fn expected(&self, what: &str) -> ConditionError {
        let token = self.peek();
        self.error_at(token.at, format!("expected {what}, found {}", token.kind))
    }

    fn any(&mut self, depth: usize) -> Result<Node, ConditionError> {
        let mut nodes = vec![self.all(depth)?];
        while self.takes_name("or") {
            nodes.push(self.all(depth)?);
        }
        Ok(joined(nodes, Node::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Node, ConditionError> {
        let mut nodes = vec![self.one(depth)?];
        while self.takes_name("and") {
            nodes.push(self.one(depth)?);
        }
        Ok(joined(nodes, Node::All))
    }

    fn one(&mut self, depth: usize) -> Result<Node, ConditionError> {
        if depth > MAX_CONDITION_DEPTH {
            let message =
                format!("brackets and \"not\" stand {MAX_CONDITION_DEPTH} deep at most (slo_condition_depth)");
            return Err(self.error_at(self.peek().at, message));
        }
        if self.takes_name("not") {
            return Ok(Node::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes_sign("(") {
            let node = self.any(depth + 1)?;
            self.sign(")")?;
            return Ok(node);
        }
        let TokenKind::Name(name) = self.peek().kind else {
            return Err(self.expected("a fact such as remaining, policy.state or burn(1h)"));
        };
        match name {
            "true" | "false" => {
                self.take();
                Ok(Node::Constant(name == "true"))
            }
            "alert.firing" => self.firing(),
            _ => self.comparison(name),
        }
    }

    fn firing(&mut self) -> Result<Node, ConditionError> {
        self.take();
        self.sign("(")?;
        let mut labels = Vec::new();
        while !self.takes_sign(")") {
            if !labels.is_empty() {
                self.sign(",")?;
            }
            let TokenKind::Name(name) = self.peek().kind else {
                return Err(self.expected("a label's name such as severity, or \")\""));
            };
            self.take();
            self.sign("=")?;
            labels.push((name.to_owned(), self.word()?.1));
        }
        Ok(Node::Firing { labels })
    }

    fn comparison(&mut self, name: &str) -> Result<Node, ConditionError> {
        if let Some((_, word)) = Word::NAMED.into_iter().find(|(known, _)| *known == name) {
            self.take();
            return self.word_comparison(word);
        }
        let quantity = match Quantity::NAMED.into_iter().find(|(known, _)| *known == name) {
            Some((_, quantity)) => {
                self.take();
                quantity
            }
            None if name == "burn" => {
                self.take();
                self.sign("(")?;
                let window_ms = self.duration("a window such as 1h")?;
                self.sign(")")?;
                Quantity::Burn { window_ms }
            }
            None => return Err(self.unknown(name)),
        };
        let operator = match self.peek().kind {
            TokenKind::Sign(sign) => Operator::of(sign),
            _ => None,
        };
        let operator = operator.ok_or_else(|| self.expected("one of < <= > >= == !="))?;
        self.take();
        let value = self.amount(quantity.kind())?;
        Ok(Node::Compare { quantity, operator, value })
    }

    fn unknown(&self, name: &str) -> ConditionError {
        let quantities = Quantity::NAMED.into_iter().map(|(known, _)| known);
        let known = quantities.chain(["burn(1h)"]).chain(Word::NAMED.into_iter().map(|(known, _)| known));
        let known: Vec<&str> = known.chain(["alert.firing(…)"]).collect();
        let message = format!("there is no fact {name:?}; there are {}", known.join(", "));
        self.error_at(self.peek().at, message)
    }

    fn word_comparison(&mut self, word: Word) -> Result<Node, ConditionError> {
        if self.takes_sign("==") {
            return Ok(Node::IsOneOf { word, words: vec![self.word()?] });
        }
        if self.takes_sign("!=") {
            let is = Node::IsOneOf { word, words: vec![self.word()?] };
            return Ok(Node::Not(Box::new(is)));
        }
        let is_negated = self.takes_name("not");
        if !self.takes_name("in") {
            return Err(self.expected(if is_negated { "\"in\"" } else { "one of == != in, \"not in\"" }));
        }
        self.sign("[")?;
        let mut words = vec![self.word()?];
        while self.takes_sign(",") {
            words.push(self.word()?);
        }
        if !self.takes_sign("]") {
            return Err(self.expected("\",\" or \"]\""));
        }
        let is = Node::IsOneOf { word, words };
        Ok(if is_negated { Node::Not(Box::new(is)) } else { is })
    }

    /// A word and where it begins, without its quotation marks.
    fn word(&mut self) -> Result<(usize, String), ConditionError> {
        let Token { at, kind } = self.peek();
        let (at, text) = match kind {
            TokenKind::Name(text) | TokenKind::Amount(text) => (at, text),
            TokenKind::Quoted(text) => (at + 1, text),
            _ => return Err(self.expected("a word")),
        };
        self.take();
        Ok((at, text.to_owned()))
    }

    fn duration(&mut self, what: &str) -> Result<i64, ConditionError> {
        let read = match self.peek().kind {
            TokenKind::Amount(text) => text.parse::<PromDuration>().ok(),
            _ => None,
        };
        let duration = read.filter(|duration| !duration.is_zero()).ok_or_else(|| self.expected(what))?;
        self.take();
        Ok(duration.as_millis())
    }

    fn amount(&mut self, kind: Kind) -> Result<f64, ConditionError> {
        let Token { at, kind: TokenKind::Amount(text) } = self.peek() else { return Err(self.expected(wanted(kind))) };
        let plain = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let value = match (kind, text.strip_suffix('%')) {
            (Kind::Share, Some(percent)) => plain(percent).map(|percent| percent / 100.0),
            (Kind::Share | Kind::Number, None) => plain(text),
            (Kind::Duration, None) => text.parse::<PromDuration>().ok().map(|value| value.as_millis() as f64),
            (Kind::Duration | Kind::Number, Some(_)) => None,
        };
        let value = value.ok_or_else(|| self.expected(wanted(kind)))?;
        if kind == Kind::Share && value.abs() > 1.0 && !text.ends_with('%') {
            self.without_percent.push((at, at + text.len()));
        }
        self.take();
        Ok(value)
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Share => "a share such as 25%",
        Kind::Duration => "a duration such as 3d",
        Kind::Number => "a number such as 10",
    }
}

/// One node stands for itself.
fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() > 1 {
        return join(nodes);
    }
    nodes.pop().unwrap_or(Node::Constant(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_column() {
        let check = |text: &str, want: &str| {
            assert_eq!(Condition::parse(text).unwrap_err().to_string(), want, "{text}");
        };
        check("", "column 1: expected a fact such as remaining, policy.state or burn(1h), found the end");
        check("remaining", "column 10: expected one of < <= > >= == !=, found the end");
        check("remaining < 3d", "column 13: expected a share such as 25%, found \"3d\"");
        check("forecast.exhaustion < 25%", "column 23: expected a duration such as 3d, found \"25%\"");
        check("burn > 10", "column 6: expected \"(\", found \">\"");
        check("burn(0s) > 10", "column 6: expected a window such as 1h, found \"0s\"");
        check("burn(1h) > fast", "column 12: expected a number such as 10, found \"fast\"");
        check("policy.state > 3", "column 14: expected one of == != in, \"not in\", found \">\"");
        check("change not fix", "column 12: expected \"in\", found \"fix\"");
        check("change in [fix security]", "column 16: expected \",\" or \"]\", found \"security\"");
        check("change in []", "column 12: expected a word, found \"]\"");
        check("true and", "column 9: expected a fact such as remaining, policy.state or burn(1h), found the end");
        check("true true", "column 6: expected \"and\", \"or\" or the end, found \"true\"");
        check("(true", "column 6: expected \")\", found the end");
        check(
            "true for 1h and true",
            "column 13: expected the end, for what has to hold for a while is the whole condition, found \"and\"",
        );
        check("true for", "column 9: expected how long it has to hold: a duration, found the end");
        check("alert.firing(severity=)", "column 23: expected a word, found \")\"");
        check("policy.state == 'x", "column 17: expected a word, found a quotation that does not end");
        check(
            "é & b",
            "column 1: there is no fact \"é\"; there are remaining, coverage, budget_debit, \
               forecast.exhaustion, burn(1h), policy.state, change, service, environment, version, actor, \
               alert.firing(…)",
        );
        check("true & true", "column 6: expected \"and\", \"or\" or the end, found '&'");
        check(
            &format!("{}true", "not ".repeat(40)),
            "column 133: brackets and \"not\" stand 32 deep at most \
               (slo_condition_depth)",
        );
        check(&"x".repeat(2000), "column 1: the condition has 2000 bytes, and the limit is 1024 (slo_condition_bytes)");
    }
}
