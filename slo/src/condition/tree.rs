//! A condition that has been read.

use super::facts::{Quantity, Word};

/// A condition. Reads with [`Condition::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub(super) text: String,
    pub(super) root: Node,
    pub(super) for_ms: i64,
    pub(super) without_percent: Vec<(usize, usize)>,
}

/// A part of one. Chains are lists and brackets have a limit, so that nothing nests deeper than that limit.
/// Words have their place in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(bool),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare { quantity: Quantity, operator: Operator, value: f64 },
    IsOneOf { word: Word, words: Vec<(usize, String)> },
    Firing { labels: Vec<(String, String)> },
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    pub(super) fn of(symbol: &str) -> Option<Operator> {
        Some(match symbol {
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            _ => return None,
        })
    }

    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
        }
    }
}

impl Condition {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For how long it has to hold before it counts, in milliseconds: `… for 24h`; zero where nothing is said.
    pub fn for_ms(&self) -> i64 {
        self.for_ms
    }

    /// Where in the text it says for how long it has to hold, in bytes; `None` where it does not.
    pub fn for_span(&self) -> Option<(usize, usize)> {
        // What stands behind it is a duration.
        let at = self.text.rfind("for").filter(|_| self.for_ms > 0)?;
        Some((at, self.text.trim_end().len()))
    }

    /// Where in the text shares of more than the whole stand that do not say `%`, in bytes: `25` is 2500 %.
    pub fn without_percent(&self) -> &[(usize, usize)] {
        &self.without_percent
    }

    /// What a fact is held against, each word with its place in the text, in bytes.
    pub fn words(&self, of: Word) -> Vec<(usize, &str)> {
        let (mut words, mut pending) = (Vec::new(), vec![&self.root]);
        while let Some(node) = pending.pop() {
            match node {
                Node::Not(inner) => pending.push(inner),
                Node::All(nodes) | Node::Any(nodes) => pending.extend(nodes.iter().rev()),
                Node::IsOneOf { word, words: against } if *word == of => {
                    words.extend(against.iter().map(|(at, word)| (*at, word.as_str())));
                }
                Node::Constant(_) | Node::Compare { .. } | Node::IsOneOf { .. } | Node::Firing { .. } => {}
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_what_is_odd() {
        let check = |text: &str, want_for: Option<&str>, want_shares: &[&str]| {
            let condition = Condition::parse(text).unwrap();
            let at = |(from, to): (usize, usize)| &text[from..to];
            assert_eq!(condition.for_span().map(at), want_for, "{text}");
            let shares: Vec<&str> = condition.without_percent().iter().copied().map(at).collect();
            assert_eq!(shares, want_shares, "{text}");
        };
        check("actor == 'for' and remaining > 10% for 24h ", Some("for 24h"), &[]);
        check("remaining <= 25 or coverage < 95 or budget_debit > 1", None, &["25", "95"]);
        check("remaining <= -5 or remaining < 250% or remaining < 0.25 or burn(1h) > 14.4", None, &["-5"]);
    }

    #[test]
    fn words_stand_in_the_order_and_at_the_places_of_the_text() {
        let text =
            "(policy.state == 'a' or change in [fix]) and not policy.state in [b, \"é\"] and policy.state != fix";
        let condition = Condition::parse(text).unwrap();
        let words = condition.words(Word::PolicyState);
        assert_eq!(words.iter().map(|(_, word)| *word).collect::<Vec<_>>(), ["a", "b", "é", "fix"]);
        assert!(words.iter().all(|(at, word)| text[*at..].starts_with(word)), "{words:?}");
        assert_eq!(words[3].0, text.len() - 3);
        assert_eq!(condition.words(Word::Change), [(35, "fix")]);
        assert!(condition.words(Word::Actor).is_empty());
    }
}
