//! Whether a condition holds.

use super::facts::Facts;
use super::tree::{Condition, Node};

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It is.
    True,
    /// It is not.
    False,
    /// Nobody knows.
    Unknown,
}

impl Truth {
    fn of(known: Option<bool>) -> Truth {
        match known {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => Truth::Unknown,
        }
    }

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl Condition {
    /// Whether it holds now; for how long it has to is the caller's to see to ([`Condition::for_ms`]).
    pub fn truth(&self, facts: &dyn Facts) -> Truth {
        truth(&self.root, facts)
    }

    /// The facts that it asks about, as they are: `remaining = 12.5%`.
    pub fn readings(&self, facts: &dyn Facts) -> Vec<String> {
        let mut readings = Vec::new();
        read(&self.root, facts, &mut readings);
        readings
    }
}

fn truth(node: &Node, facts: &dyn Facts) -> Truth {
    match node {
        Node::Constant(value) => Truth::of(Some(*value)),
        Node::Not(inner) => truth(inner, facts).not(),
        Node::All(nodes) => settled(nodes, facts, Truth::False),
        Node::Any(nodes) => settled(nodes, facts, Truth::True),
        Node::Compare { quantity, operator, value } => {
            Truth::of(facts.quantity(*quantity).filter(|left| !left.is_nan()).map(|left| operator.holds(left, *value)))
        }
        Node::IsOneOf { word, words } => {
            Truth::of(facts.word(*word).map(|word| words.iter().any(|(_, known)| known == word)))
        }
        Node::Firing { labels } => Truth::of(facts.is_firing(labels)),
    }
}

/// One node that is `settling` settles it; else one that is unknown leaves it unknown.
fn settled(nodes: &[Node], facts: &dyn Facts, settling: Truth) -> Truth {
    let mut is_unknown = false;
    for node in nodes {
        match truth(node, facts) {
            found if found == settling => return settling,
            Truth::Unknown => is_unknown = true,
            Truth::True | Truth::False => {}
        }
    }
    if is_unknown { Truth::Unknown } else { settling.not() }
}

fn read(node: &Node, facts: &dyn Facts, readings: &mut Vec<String>) {
    let reading = match node {
        Node::Constant(_) => return,
        Node::Not(inner) => return read(inner, facts, readings),
        Node::All(nodes) | Node::Any(nodes) => return nodes.iter().for_each(|node| read(node, facts, readings)),
        Node::Compare { quantity, .. } => {
            let value = facts.quantity(*quantity).filter(|value| !value.is_nan());
            format!("{} = {}", quantity.name(), value.map_or("unknown".to_owned(), |value| quantity.shown(value)))
        }
        Node::IsOneOf { word, .. } => format!("{} = {}", word.name(), facts.word(*word).unwrap_or("unknown")),
        Node::Firing { labels } => {
            let is = match facts.is_firing(labels) {
                Some(is_firing) => {
                    if is_firing {
                        "true"
                    } else {
                        "false"
                    }
                }
                None => "unknown",
            };
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            format!("alert.firing({}) = {is}", labels.join(", "))
        }
    };
    if !readings.contains(&reading) {
        readings.push(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Quantity, Word};
    use super::*;

    /// A spent budget, a feature, a page; the coverage is unknown.
    struct Fixture;

    impl Facts for Fixture {
        fn quantity(&self, of: Quantity) -> Option<f64> {
            match of {
                Quantity::Remaining => Some(0.25),
                Quantity::Exhaustion => Some(f64::INFINITY),
                Quantity::BudgetDebit => Some(0.051),
                Quantity::Burn { window_ms: 600_000 } => Some(11.0),
                Quantity::Burn { .. } => Some(9.0),
                Quantity::Coverage => None,
            }
        }

        fn word(&self, of: Word) -> Option<&str> {
            match of {
                Word::PolicyState => Some("exhausted"),
                Word::Change => Some("feature"),
                _ => None,
            }
        }

        fn is_firing(&self, labels: &[(String, String)]) -> Option<bool> {
            Some(labels.iter().all(|(name, value)| name == "severity" && value == "page"))
        }
    }

    #[test]
    fn conditions_hold_or_not_or_nobody_knows() {
        let check = |text: &str, want: Truth| {
            assert_eq!(Condition::parse(text).unwrap().truth(&Fixture), want, "{text}");
        };
        check("true", Truth::True);
        check("remaining <= 25% or forecast.exhaustion < 3d", Truth::True);
        check("remaining <= 0.25", Truth::True);
        check("remaining < 25%", Truth::False);
        check("remaining > -10.5%", Truth::True);
        check("forecast.exhaustion < 3d", Truth::False);
        check("policy.state == 'exhausted' and change not in [fix, security, rollback]", Truth::True);
        check("policy.state != \"exhausted\"", Truth::False);
        check("change in [feature]", Truth::True);
        check("alert.firing(severity='page')", Truth::True);
        check("alert.firing(severity='ticket')", Truth::False);
        check("alert.firing()", Truth::True);
        check("burn(10m) > 10 and burn(30m) > 10", Truth::False);
        check("burn(10m) > 10 or burn(30m) > 10", Truth::True);
        check("budget_debit > 5%", Truth::True);
        check("coverage < 95%", Truth::Unknown);
        check("not coverage < 95%", Truth::Unknown);
        check("coverage < 95% or true", Truth::True);
        check("coverage < 95% and true", Truth::Unknown);
        check("coverage < 95% and false", Truth::False);
        check("coverage < 95% or false", Truth::Unknown);
        check("actor == li", Truth::Unknown);
        check("not (true and false) and not false", Truth::True);
        check("true or true and false", Truth::True);
        let held = Condition::parse("remaining > 10% for 24h").unwrap();
        assert_eq!((held.truth(&Fixture), held.for_ms()), (Truth::True, 86_400_000));
    }

    #[test]
    fn facts_are_read_out() {
        let check = |text: &str, want: &[&str]| {
            assert_eq!(Condition::parse(text).unwrap().readings(&Fixture), want, "{text}");
        };
        check("remaining <= 25% and remaining > 3%", &["remaining = 25%"]);
        check("not (forecast.exhaustion < 3d or coverage < 1)", &["forecast.exhaustion = never", "coverage = unknown"]);
        check("burn(1h) > 1 or change in [fix]", &["burn(1h) = 9", "change = feature"]);
        check("alert.firing(severity=page)", &["alert.firing(severity=\"page\") = true"]);
        check("true", &[]);
    }
}
