//! What the API tells of budgets, field for field.

use std::collections::BTreeMap;

use model::Labels;
use serde::Serialize;

use super::{Amount, Measured, Moment, State};
use crate::history::{SamplingError, UncountedFirstValue};
use crate::spec::{SpecFault, Window};
use crate::window::Span;

/// An objective and its budget at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// The SLO's name.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What is promised, in words.
    pub description: String,
    /// Whose it is.
    pub product: Option<String>,
    /// Who promises it.
    pub service: String,
    /// The target in percent, as it was written, that was in force at the instant.
    pub objective: String,
    /// Over which time.
    pub window: WindowStatus,
    /// The instant that this is of.
    pub at: Moment,
    /// `events` or `slices`.
    pub unit: &'static str,
    /// `exact`, `sampled` or `composite`.
    pub evaluation: &'static str,
    /// Good events in the window.
    pub good: Amount,
    /// Bad events in the window.
    pub bad: Amount,
    /// All events in the window.
    pub total: Amount,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What is left.
    pub budget: BudgetStatus,
    /// The share of the time that was measured.
    pub coverage: Option<f64>,
    /// First values in the window that were not counted.
    pub uncounted_first_values: Vec<UncountedStatus>,
    /// How many more there were in the window, by whole days: the oldest of very many are not listed.
    pub uncounted_first_values_left_out: u64,
    /// Why nothing more is counted, where a query of it cannot be evaluated now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_error: Option<SamplingStatus>,
    /// What burns.
    pub burn: Vec<BurnStatus>,
    /// What is to be expected.
    pub forecast: ForecastStatus,
    /// How it is doing.
    pub state: State,
    /// When it has to be looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_by: Option<String>,
    /// Of an objective with groups: the values of this one's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub group: BTreeMap<String, String>,
}

/// A window at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowStatus {
    /// What comes after this is in the window.
    pub start: Moment,
    /// The end: the instant, or the end of a calendar's period.
    pub end: Moment,
    /// Whether it moves with time.
    pub rolling: bool,
    /// Its length, as it is written: `28d`, `1M`.
    pub length: String,
}

impl WindowStatus {
    pub(super) fn of(window: &Window, span: Span) -> WindowStatus {
        WindowStatus {
            start: Moment(span.from_ms),
            end: Moment(span.to_ms),
            rolling: window.is_rolling(),
            length: window.length_text(),
        }
    }
}

/// A budget in events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BudgetStatus {
    /// How many bad events were allowed.
    pub allowed: Amount,
    /// How many there were.
    pub spent: Amount,
    /// How many more may come.
    pub remaining: Amount,
    /// The share that is left.
    pub remaining_ratio: Option<f64>,
}

impl BudgetStatus {
    pub(super) fn of(measured: &Measured) -> BudgetStatus {
        BudgetStatus {
            allowed: Amount(measured.allowed),
            spent: Amount(measured.counts.bad),
            remaining: Amount(measured.remaining()),
            remaining_ratio: measured.remaining_ratio(),
        }
    }
}

/// A series in the notation of PromQL.
pub(crate) fn series_text(labels: &Labels) -> String {
    format!("{}{}", labels.metric_name(), labels.without_metric_name())
}

/// A first value that was not counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UncountedStatus {
    /// The series, in the notation of PromQL.
    pub series: String,
    /// When it was first seen.
    pub at: Moment,
    /// Its value then.
    pub value: Amount,
}

impl From<UncountedFirstValue> for UncountedStatus {
    fn from(first: UncountedFirstValue) -> UncountedStatus {
        let UncountedFirstValue { series, timestamp_ms, value } = first;
        UncountedStatus { series: series_text(&series), at: Moment(timestamp_ms), value: Amount(value) }
    }
}

/// A sampled query that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SamplingStatus {
    /// The first instant that it could not be evaluated at: nothing is counted from there on.
    pub since: Moment,
    /// The query as it is asked, cut where it is long.
    pub query: String,
    /// Why, cut where it is long.
    pub error: String,
}

impl From<SamplingError> for SamplingStatus {
    fn from(failing: SamplingError) -> SamplingStatus {
        let SamplingError { since_ms, query, error } = failing;
        SamplingStatus { since: Moment(since_ms), query, error }
    }
}

/// A pair of windows that tells when a budget burns too fast.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BurnStatus {
    /// How urgent it is.
    pub severity: String,
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// What both burn rates have to exceed.
    pub factor: f64,
    /// The burn rate over the long window; null where it is infinite.
    pub long_burn: Option<f64>,
    /// The burn rate over the short window.
    pub short_burn: Option<f64>,
    /// Whether both exceed the factor.
    pub firing: bool,
    /// How urgently that is told, where few events made it less sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_as: Option<String>,
    /// What few events say; only where that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<ConfidenceStatus>,
    /// After how many seconds a total outage fires it; null where none ever does.
    pub detects_after_seconds: Option<f64>,
}

/// How sure an error ratio is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ConfidenceStatus {
    /// The lower bound of the error ratio over the long window.
    pub lower_bound: f64,
    /// What it has to exceed.
    pub threshold: f64,
    /// Bad events in the long window.
    pub bad: Amount,
    /// How many of them are enough in any case.
    pub enough: u64,
}

/// What is to be expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ForecastStatus {
    /// When nothing will be left.
    pub exhausted_at: Option<Moment>,
    /// When something will be left again.
    pub recovers_at: Option<Moment>,
    /// Of a calendar: what will be left at its end.
    pub remaining_ratio_at_end: Option<f64>,
    /// The burn rate that it goes by: 1 is as fast as the budget lasts. `None` where nothing may be bad, or nothing is known.
    pub burn: Option<f64>,
}

/// A product and its budget at an instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductStatus {
    /// Its name.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// Who answers for it.
    pub product_owners: Vec<String>,
    /// Who builds it.
    pub engineering_owners: Vec<String>,
    /// The target in percent: its own, or what its components promise together.
    pub objective: String,
    /// Over which time.
    pub window: WindowStatus,
    /// The instant that this is of.
    pub at: Moment,
    /// `events`, `anyBad`, `weightedBurn` or `series`.
    pub method: &'static str,
    /// `events` or `slices`.
    pub unit: &'static str,
    /// Good events in the window.
    pub good: Amount,
    /// Bad events in the window.
    pub bad: Amount,
    /// All events in the window.
    pub total: Amount,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What is left.
    pub budget: BudgetStatus,
    /// The share of the time that was measured.
    pub coverage: Option<f64>,
    /// How fast it burns over some windows.
    pub burn: Vec<RateStatus>,
    /// What is to be expected.
    pub forecast: ForecastStatus,
    /// How it is doing.
    pub state: State,
    /// Who makes its budget.
    pub components: Vec<ComponentStatus>,
    /// Ids of objectives that are shown and do not count.
    pub informational: Vec<String>,
    /// The name of its error-budget policy.
    pub policy: Option<String>,
    /// Severities of its alerts that fire, and of those of its objectives.
    pub firing: Vec<String>,
}

/// A burn rate over a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateStatus {
    /// The window.
    pub window: String,
    /// The burn rate; null where it is infinite.
    pub rate: Option<f64>,
}

/// An objective of a product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComponentStatus {
    /// Its id.
    pub slo: String,
    /// The name for people.
    pub title: String,
    /// `own` or `upstream`.
    pub role: &'static str,
    /// How much it weighs.
    pub weight: f64,
    /// The target in percent.
    pub objective: String,
    /// The share of good events in the product's window.
    pub sli: Option<f64>,
    /// Bad events in the product's window.
    pub bad: Amount,
    /// What is left of its own budget.
    pub remaining_ratio: Option<f64>,
    /// How it is doing.
    pub state: State,
}

/// A point of a burn-down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The instant.
    pub at: Moment,
    /// The share of the budget that was left then.
    pub remaining_ratio: Option<f64>,
    /// Bad events in the window then.
    pub bad: Amount,
    /// All events in the window then.
    pub total: Amount,
    /// How many bad events were allowed then.
    pub allowed: Amount,
}

/// What could not be taken of a spec file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultStatus {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The kind of the object, where that is known.
    pub kind: Option<String>,
    /// The name of the object, where it has one.
    pub name: Option<String>,
    /// What is wrong.
    pub error: String,
    /// The line with a caret.
    pub drawn: String,
}

impl FaultStatus {
    /// What is told of a fault.
    pub(crate) fn of(fault: &SpecFault) -> FaultStatus {
        let (kind, name) = fault.object.clone().unzip();
        FaultStatus {
            file: fault.place.file.to_string(),
            line: fault.place.line,
            column: fault.place.column,
            kind,
            name,
            error: fault.message.clone(),
            drawn: fault.drawn.clone(),
        }
    }
}
