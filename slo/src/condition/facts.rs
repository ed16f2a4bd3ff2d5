//! What conditions can ask about.

/// A fact that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// `remaining`: the share of the product's budget that is left; below zero where more than all is spent.
    Remaining,
    /// `coverage`: the share of the time that was measured.
    Coverage,
    /// `budget_debit`: the share of the budget that the release in question has spent.
    BudgetDebit,
    /// `forecast.exhaustion`: milliseconds until nothing is left; infinite where that is not foreseen.
    Exhaustion,
    /// `burn(1h)`: how many times faster than evenly the budget burned.
    Burn {
        /// Over which window, in milliseconds.
        window_ms: i64,
    },
}

/// A fact that is a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `policy.state`
    PolicyState,
    /// `change`: the class of the change.
    Change,
    /// `service`
    Service,
    /// `environment`
    Environment,
    /// `version`
    Version,
    /// `actor`
    Actor,
}

/// In what a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `25%`, or `0.25`.
    Share,
    /// `3d`
    Duration,
    /// `10`
    Number,
}

/// Who knows the facts. `None` for what nobody knows.
pub trait Facts {
    /// A number, in the unit that its [`Quantity`] names.
    fn quantity(&self, of: Quantity) -> Option<f64>;

    /// A word.
    fn word(&self, of: Word) -> Option<&str>;

    /// Whether an alert of the product fires that has all of these labels.
    fn is_firing(&self, labels: &[(String, String)]) -> Option<bool>;
}

impl Quantity {
    /// Those that are a name alone.
    pub(super) const NAMED: [(&'static str, Quantity); 4] = [
        ("remaining", Quantity::Remaining),
        ("coverage", Quantity::Coverage),
        ("budget_debit", Quantity::BudgetDebit),
        ("forecast.exhaustion", Quantity::Exhaustion),
    ];

    /// In what it is written.
    pub fn kind(self) -> Kind {
        match self {
            Quantity::Remaining | Quantity::Coverage | Quantity::BudgetDebit => Kind::Share,
            Quantity::Exhaustion => Kind::Duration,
            Quantity::Burn { .. } => Kind::Number,
        }
    }

    /// As it is written.
    pub fn name(self) -> String {
        match self {
            Quantity::Burn { window_ms } => format!("burn({})", duration_text(window_ms)),
            named => Quantity::NAMED.iter().find(|(_, of)| *of == named).map_or("", |(name, _)| name).to_owned(),
        }
    }

    /// A value of it for people.
    pub fn shown(self, value: f64) -> String {
        match self.kind() {
            Kind::Share => format!("{}%", rounded(value * 100.0)),
            Kind::Number => rounded(value),
            Kind::Duration if value.is_finite() => duration_text(value as i64 / 60_000 * 60_000),
            Kind::Duration => "never".to_owned(),
        }
    }
}

impl Word {
    /// All of them.
    pub(super) const NAMED: [(&'static str, Word); 6] = [
        ("policy.state", Word::PolicyState),
        ("change", Word::Change),
        ("service", Word::Service),
        ("environment", Word::Environment),
        ("version", Word::Version),
        ("actor", Word::Actor),
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Word::NAMED.iter().find(|(_, of)| *of == self).map_or("", |(name, _)| name)
    }
}

/// A duration as it is written: `1d12h`.
pub(crate) fn duration_text(duration_ms: i64) -> String {
    model::duration::PromDuration::from_millis(duration_ms).to_string()
}

/// Two decimals at most.
pub(super) fn rounded(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
