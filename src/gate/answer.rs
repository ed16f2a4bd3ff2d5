//! What a gate answered, for people and for scripts.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::ask::EXIT_UNREACHABLE;

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Decision {
    Allow,
    Warn,
    Deny,
    Unknown,
}

impl Decision {
    fn of(text: &str) -> Decision {
        match text {
            "allow" => Decision::Allow,
            "warn" => Decision::Warn,
            "deny" => Decision::Deny,
            _ => Decision::Unknown,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::Warn => "warn",
            Decision::Deny => "deny",
            Decision::Unknown => "unknown",
        }
    }

    pub(super) fn exit_code(self) -> u8 {
        match self {
            Decision::Allow => 0,
            Decision::Warn => 10,
            Decision::Deny => 20,
            Decision::Unknown => 30,
        }
    }
}

/// An answer, or what stands for one.
#[derive(Debug)]
pub(super) struct Answer {
    /// `None` where the server could not be reached, and nothing stands for its answer.
    pub(super) decision: Option<Decision>,
    evaluation: Value,
}

impl Answer {
    /// An evaluation that is decided.
    pub(super) fn of(evaluation: Value) -> Answer {
        let decision = Decision::of(evaluation["decision"].as_str().unwrap_or_default());
        Answer { decision: Some(decision), evaluation }
    }

    /// A server that could not be reached, and what that is taken for.
    pub(super) fn unreachable(
        gate: &str,
        service: &str,
        version: &str,
        error: &str,
        taken_for: Option<Decision>,
    ) -> Answer {
        let evaluation = json!({
            "gate": gate,
            "service": service,
            "version": version,
            "decision": taken_for.map(Decision::as_str),
            "unreachable": true,
            "reasons": [format!("the server cannot be reached: {error}")],
        });
        Answer { decision: taken_for, evaluation }
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.decision.map_or(EXIT_UNREACHABLE, Decision::exit_code)
    }

    pub(super) fn json(&self) -> &Value {
        &self.evaluation
    }

    /// A text of the evaluation; empty where it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.evaluation[name].as_str().unwrap_or_default()
    }

    pub(super) fn reasons(&self) -> Vec<&str> {
        texts(&self.evaluation["reasons"])
    }

    /// The decision in a word.
    pub(super) fn word(&self) -> &'static str {
        self.decision.map_or("unreachable", Decision::as_str)
    }

    /// For people: the decision, and below it all that it is about.
    pub(super) fn text(&self) -> String {
        let own = self.field("own_decision");
        let would_be =
            if own.is_empty() || own == self.word() { String::new() } else { format!(" (on its own: {own})") };
        let (gate, service, version) = (self.field("gate"), self.field("service"), self.field("version"));
        let mut text = format!("{}{would_be}: {gate}, {service} {version}\n", self.word());
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                text.push_str(&format!("  {name:<10} {value}\n"));
            }
        };
        for reason in self.reasons() {
            line("because", reason.to_owned());
            // What is a formula is said in words below it.
            line("", self.evaluation["in_words"][reason].as_str().unwrap_or_default().to_owned());
        }
        line("policy", self.field("policy_state").to_owned());
        line("remaining", share(&self.evaluation["remaining_ratio"]));
        line("spent", share(&self.evaluation["budget_debit"]));
        line("exhausted", self.evaluation["forecast"]["exhausted_at"].as_str().unwrap_or_default().to_owned());
        line("firing", texts(&self.evaluation["firing_alerts"]).join(", "));
        line("until", self.field("expires_at").to_owned());
        line("see", self.field("link").to_owned());
        text
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn share(value: &Value) -> String {
    value.as_f64().map_or(String::new(), |share| format!("{:.1}%", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_their_codes() {
        let check = |decision: &str, code: u8| {
            assert_eq!(Answer::of(json!({ "decision": decision })).exit_code(), code, "{decision}");
        };
        check("allow", 0);
        check("warn", 10);
        check("deny", 20);
        check("unknown", 30);
        check("perhaps", 30);
        let unreachable = |taken_for| Answer::unreachable("g", "s", "v", "refused", taken_for).exit_code();
        assert_eq!(unreachable(None), 3);
        assert_eq!(unreachable(Some(Decision::Warn)), 10);
    }

    #[test]
    fn what_people_read() {
        let answer = Answer::of(json!({
            "gate": "shop-prod", "service": "api", "version": "v1", "decision": "allow", "own_decision": "deny",
            "reasons": ["overridden by li: the fair opens", "alert.firing()"], "policy_state": "critical",
            "in_words": {"alert.firing()": "an alert fires"},
            "remaining_ratio": 0.1234, "forecast": {"exhausted_at": null}, "firing_alerts": ["A (page)", "B (page)"],
            "expires_at": "2026-11-28T00:00:00Z",
        }));
        let want = "allow (on its own: deny): shop-prod, api v1\n  because    overridden by li: the fair opens\n  \
                    because    alert.firing()\n             an alert fires\n  policy     critical\n  remaining  12.3%\n  firing     A (page), B (page)\n  \
                    until      2026-11-28T00:00:00Z\n";
        assert_eq!(answer.text(), want);
    }
}
