//! Which series an objective has, and what they say.

use std::collections::BTreeSet;

use alerting::rules::{AlertState, Instance};
use model::{Labels, LabelsBuilder};

use super::pyrra;
use crate::budget::{Look, State};
use crate::burn::burn_rate;
use crate::history::Counts;
use crate::spec::{Objective, Product};
use crate::window::duration_text;

const DAY_MS: i64 = 86_400_000;
/// Pyrra's rates are over five minutes.
const PYRRA_RATE_MS: i64 = 300_000;
/// The windows of Sloth's series, in milliseconds.
const SLOTH_WINDOWS_MS: [i64; 7] = [300_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, DAY_MS, 3 * DAY_MS];
/// Of these windows the current burn rate is one of Sloth's series.
const SLOTH_CURRENT_MS: i64 = 300_000;

/// What a series says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    Objective,
    /// Over the window of the budget.
    Sli,
    SliOver(i64),
    Good,
    Bad,
    Remaining,
    BurnOver(i64),
    Coverage,
    Is(State),
    SlothErrorOver(i64),
    SlothErrorOverPeriod,
    SlothBudget,
    SlothDays,
    SlothCurrentBurn,
    SlothPeriodBurn,
    SlothInfo,
    WindowSeconds,
    /// A second, over five minutes.
    Requests,
    Errors,
    /// In the window of the budget.
    Total,
    BadInWindow,
}

impl Row {
    /// Whether there is nothing to say before the first events.
    pub(super) fn waits_for_events(self) -> bool {
        use Row::{Bad, Coverage, Good, Remaining, Sli, SliOver, SlothErrorOver, SlothErrorOverPeriod};
        matches!(self, Sli | SliOver(_) | Good | Bad | Remaining | Coverage | SlothErrorOver(_) | SlothErrorOverPeriod)
    }
}

/// The windows that a tick has to look at, in milliseconds: those of all pairs, and Sloth's and Pyrra's.
pub(super) fn windows_ms(objective: &Objective) -> Vec<i64> {
    let pairs = objective.burn.pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]);
    pairs.chain(SLOTH_WINDOWS_MS).chain([PYRRA_RATE_MS]).collect::<BTreeSet<i64>>().into_iter().collect()
}

/// The series of an objective.
pub(super) fn rows(objective: &Objective) -> Vec<(Row, Labels)> {
    let mut rows = own_rows(objective);
    rows.extend(sloth_rows(objective));
    rows.extend(pyrra::rows(objective));
    rows
}

/// Whether a series of this name may be one of a budget, by ours, Sloth's or Pyrra's names.
pub(crate) fn is_of_budget(name: &str) -> bool {
    ["slo_", "slo:", "sloth_", "pyrra_"].iter().any(|first| name.starts_with(first))
}

/// The values of an objective's group; what tells our series apart goes before them.
fn group_labels(objective: &Objective) -> LabelsBuilder {
    let mut labels = LabelsBuilder::new();
    for (name, value) in &objective.options.group {
        labels.set(name, value);
    }
    labels
}

fn own_rows(objective: &Objective) -> Vec<(Row, Labels)> {
    let product = objective.product.as_deref().unwrap_or_default();
    let labels = |name: &str, key: &str, value: &str| {
        let mut labels = group_labels(objective);
        labels.set("__name__", name).set("slo", &objective.id).set("service", &objective.service);
        labels.set("product", product).set(key, value);
        labels.build()
    };
    let over = |window_ms: i64| duration_text(window_ms);
    let mut rows = vec![
        (Row::Objective, labels("slo_objective_ratio", "", "")),
        (Row::Sli, labels("slo_sli_ratio", "window", &objective.window.length_text())),
        (Row::Good, labels("slo_events_total", "result", "good")),
        (Row::Bad, labels("slo_events_total", "result", "bad")),
        (Row::Remaining, labels("slo_error_budget_remaining_ratio", "", "")),
        (Row::Coverage, labels("slo_coverage_ratio", "", "")),
    ];
    rows.extend(State::ALL.map(|state| (Row::Is(state), labels("slo_state", "state", state.as_str()))));
    let pairs: BTreeSet<i64> = objective.burn.pairs.iter().flat_map(|pair| [pair.long_ms, pair.short_ms]).collect();
    for window_ms in pairs {
        rows.push((Row::BurnOver(window_ms), labels("slo_burn_rate", "window", &over(window_ms))));
        if over(window_ms) != objective.window.length_text() {
            rows.push((Row::SliOver(window_ms), labels("slo_sli_ratio", "window", &over(window_ms))));
        }
    }
    rows
}

fn sloth_rows(objective: &Objective) -> Vec<(Row, Labels)> {
    let id = format!("{}-{}", objective.service, objective.name);
    let labels = |name: &str, pairs: &[(&str, &str)]| {
        let mut labels = group_labels(objective);
        labels.set("__name__", name).set("sloth_id", &id);
        labels.set("sloth_service", &objective.service).set("sloth_slo", &objective.name);
        for (key, value) in pairs {
            labels.set(key, value);
        }
        labels.build()
    };
    let error = |row: Row, window: &str| {
        (row, labels(&format!("slo:sli_error:ratio_rate{window}"), &[("sloth_window", window)]))
    };
    let mut rows: Vec<(Row, Labels)> =
        SLOTH_WINDOWS_MS.iter().map(|ms| error(Row::SlothErrorOver(*ms), &duration_text(*ms))).collect();
    rows.push(error(Row::SlothErrorOverPeriod, &objective.window.length_text()));
    rows.extend([
        (Row::Objective, labels("slo:objective:ratio", &[])),
        (Row::SlothBudget, labels("slo:error_budget:ratio", &[])),
        (Row::SlothDays, labels("slo:time_period:days", &[])),
        (Row::SlothCurrentBurn, labels("slo:current_burn_rate:ratio", &[])),
        (Row::SlothPeriodBurn, labels("slo:period_burn_rate:ratio", &[])),
        (Row::Remaining, labels("slo:period_error_budget_remaining:ratio", &[])),
    ]);
    let info = [
        ("sloth_mode", "narthex"),
        ("sloth_objective", objective.percent.as_str()),
        ("sloth_spec", "narthex"),
        ("sloth_version", env!("CARGO_PKG_VERSION")),
    ];
    rows.push((Row::SlothInfo, labels("sloth_slo_info", &info)));
    rows
}

/// How fast a product's own budget burns, of one that tells of that.
pub(crate) fn product_rows(product: &Product, look: &Look) -> Vec<(Labels, f64)> {
    let row = |(window_ms, counts): &(i64, Counts)| {
        let mut labels = LabelsBuilder::new();
        labels.set("__name__", "slo_product_burn_rate").set("product", &product.name);
        labels.set("window", &duration_text(*window_ms));
        (labels.build(), burn_rate(*counts, look.measured.target))
    };
    look.windows.iter().map(row).collect()
}

/// What a series says at a tick; `None` for nothing.
pub(crate) fn value(row: Row, objective: &Objective, look: &Look) -> Option<f64> {
    let measured = &look.measured;
    let over = |window_ms: i64| {
        look.windows.iter().find(|(ms, _)| *ms == window_ms).map_or_else(Counts::default, |(_, counts)| *counts)
    };
    let value = match row {
        Row::Objective => measured.target.as_f64(),
        Row::Sli => measured.sli()?,
        Row::SliOver(window_ms) => 1.0 - over(window_ms).error_ratio()?,
        Row::Good => look.ever?.good(),
        Row::Bad => look.ever?.bad,
        Row::Remaining => measured.remaining_ratio()?,
        Row::BurnOver(window_ms) => burn_rate(over(window_ms), measured.target),
        Row::Coverage => measured.counts.coverage()?,
        Row::Is(state) => f64::from(u8::from(measured.state() == state)),
        Row::SlothErrorOver(window_ms) => over(window_ms).error_ratio()?,
        Row::SlothErrorOverPeriod => measured.counts.error_ratio()?,
        Row::SlothBudget => measured.target.rest().as_f64(),
        Row::SlothDays => objective.window.nominal_ms() as f64 / DAY_MS as f64,
        Row::SlothCurrentBurn => burn_rate(over(SLOTH_CURRENT_MS), measured.target),
        Row::SlothPeriodBurn => burn_rate(measured.counts, measured.target),
        Row::SlothInfo => 1.0,
        Row::WindowSeconds => objective.window.nominal_ms() as f64 / 1000.0,
        Row::Requests => over(PYRRA_RATE_MS).total / (PYRRA_RATE_MS as f64 / 1000.0),
        Row::Errors => over(PYRRA_RATE_MS).bad / (PYRRA_RATE_MS as f64 / 1000.0),
        Row::Total => measured.counts.total,
        Row::BadInWindow => measured.counts.bad,
    };
    Some(value)
}

/// The series of alerts, as rules write them.
pub(crate) fn alert_rows<'i>(instances: impl Iterator<Item = &'i Instance>) -> Vec<(Labels, f64)> {
    let mut rows = Vec::new();
    for instance in instances.filter(|instance| instance.state != AlertState::Inactive) {
        let mut labels = instance.labels.to_builder();
        rows.push((labels.set("__name__", "ALERTS_FOR_STATE").build(), (instance.active_at_ms / 1000) as f64));
        labels.set("__name__", "ALERTS").set("alertstate", instance.state.as_str());
        rows.push((labels.build(), 1.0));
    }
    rows
}
