//! The rules that Sloth makes of an SLO: eight that measure, seven that say what the SLO is, and two alerts.

use std::collections::{BTreeMap, BTreeSet};

use model::duration::PromDuration;
use model::float;

use super::file::{FILE_VERSION, RESOURCE_VERSION};
use super::slo::{Alert, Form, SEVERITY_LABEL, Service, Sli, Slo};
use super::windows::Windows;
use crate::export::rule::{Made, Metadata, Rule, RuleFile, RuleGroup};
use crate::spec::BurnPair;
use crate::spec::counter::next_window;

const DAY_MS: f64 = 24.0 * 3_600_000.0;

/// What Sloth can be told on its command line.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions {
    /// The period and its windows.
    pub windows: Windows,
    /// Labels that all series get.
    pub extra_labels: BTreeMap<String, String>,
    /// No alerts.
    pub disable_alerts: bool,
    /// No recording rules.
    pub disable_recordings: bool,
    /// The whole period is measured from the events and not from the shortest window's ratio. Exact, and dear.
    pub disable_optimized: bool,
    /// What `sloth_version` says.
    pub version: String,
}

/// Why an SLO has no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Its query is made by code.
    #[error("SLO {slo}: plugin {id:?} makes its query, and is code that only Sloth runs")]
    SliPlugin {
        /// Which SLO.
        slo: String,
        /// Whose code.
        id: String,
    },
    /// Its rules are changed by code.
    #[error("SLO {slo}: plugin {id:?} changes its rules, and is code that only Sloth runs")]
    RulePlugin {
        /// Which SLO.
        slo: String,
        /// Whose code.
        id: String,
    },
}

/// The rules of a service's SLOs.
///
/// # Errors
/// When one of them needs code that only Sloth runs.
pub fn rules(service: &Service, options: &RuleOptions) -> Result<RuleFile, RulesError> {
    let mut file = RuleFile::default();
    for slo in &service.slos {
        file.groups.extend(Rules::of(service, slo, options)?.groups());
    }
    Ok(file)
}

/// The rules as a file, or as a resource where the service was written in one.
pub fn to_text(service: &Service, file: &RuleFile) -> String {
    let Form::Resource(metadata) = &service.form else { return file.to_prometheus() };
    let mut labels = metadata.labels.clone();
    labels.insert("app.kubernetes.io/component".to_owned(), "SLO".to_owned());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), "sloth".to_owned());
    file.to_kubernetes(&Metadata { labels, ..metadata.clone() })
}

/// What an SLO's rules are made of.
struct Rules<'s> {
    service: &'s Service,
    slo: &'s Slo,
    options: &'s RuleOptions,
    /// `sloth_id`, `sloth_service`, `sloth_slo`.
    identity: BTreeMap<String, String>,
    /// The same as matchers.
    filter: String,
    objective_percent: f64,
    /// The windows that are measured, from short to long, without the period.
    windows_ms: BTreeSet<i64>,
}

impl<'s> Rules<'s> {
    fn of(service: &'s Service, slo: &'s Slo, options: &'s RuleOptions) -> Result<Rules<'s>, RulesError> {
        let id = slo.id(service);
        if let Sli::Plugin { id: plugin } = &slo.sli {
            return Err(RulesError::SliPlugin { slo: id, id: plugin.clone() });
        }
        if let Some(plugin) = slo.plugins.unknown.first() {
            return Err(RulesError::RulePlugin { slo: id, id: plugin.clone() });
        }
        let identity = slo.identity(service);
        let matchers: Vec<String> = identity.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let windows_ms = options.windows.pairs.iter().flat_map(|pair| [pair.short_ms, pair.long_ms]).collect();
        Ok(Rules {
            service,
            slo,
            options,
            identity,
            filter: format!("{{{}}}", matchers.join(", ")),
            objective_percent: slo.percent.parse().unwrap_or(f64::NAN),
            windows_ms,
        })
    }

    fn groups(&self) -> Vec<RuleGroup> {
        let plugins = &self.slo.plugins;
        let (has_recordings, has_alerts) = (!self.options.disable_recordings, !self.options.disable_alerts);
        let mut groups = Vec::new();
        let mut add = |has_any: bool, kind: &str, interval_ms: Option<i64>, rules: Vec<Rule>| {
            if has_any && !rules.is_empty() {
                let name = format!("sloth-slo-{kind}-{}", self.slo.id(self.service));
                groups.push(RuleGroup { name, interval_ms, rules });
            }
        };
        let has_sli_rules = has_recordings && plugins.has_sli_rules;
        add(has_sli_rules, "sli-recordings", plugins.sli_interval_ms, self.sli_rules());
        let has_metadata_rules = has_recordings && plugins.has_metadata_rules;
        add(has_metadata_rules, "meta-recordings", plugins.metadata_interval_ms, self.metadata_rules());
        add(has_alerts && plugins.has_alert_rules, "alerts", plugins.alert_interval_ms, self.alert_rules());
        groups
    }

    /// The labels of a recorded series.
    fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.identity.clone();
        labels.extend(self.slo.labels.clone());
        labels.extend(self.options.extra_labels.clone());
        labels
    }

    /// Names a series of the SLO: its name and by which labels it is found.
    fn series(&self, name: &str) -> String {
        format!("{name}{}", self.filter)
    }

    fn sli_rules(&self) -> Vec<Rule> {
        let period_ms = self.options.windows.period_ms;
        let rule = |window_ms: i64, expr: String| {
            let mut labels = self.labels();
            labels.insert("sloth_window".to_owned(), duration(window_ms));
            Rule::record(ratio_name(window_ms), expr, labels)
        };
        let mut rules: Vec<Rule> =
            self.windows_ms.iter().map(|&window_ms| rule(window_ms, self.ratio(window_ms))).collect();
        let whole = if self.options.disable_optimized { self.ratio(period_ms) } else { self.mean_of_ratios() };
        rules.push(rule(period_ms, whole));
        rules
    }

    /// The error ratio in a window.
    fn ratio(&self, window_ms: i64) -> String {
        match &self.slo.sli {
            Sli::Events { error, total } if self.slo.plugins.is_denominator_corrected => {
                let correction = self.series(&correction_name(window_ms));
                let error = in_window(error, window_ms);
                format!("(\n{correction}\n* on()\n{error}\n)\n/\n({})\n", in_window(total, window_ms))
            }
            Sli::Events { error, total } => {
                format!("({})\n/\n({})\n", in_window(error, window_ms), in_window(total, window_ms))
            }
            Sli::Raw { error_ratio } => format!("({})", in_window(error_ratio, window_ms)),
            Sli::Plugin { .. } => String::new(),
        }
    }

    /// The error ratio in the period as the mean of the shortest window's: cheap, and not the ratio of the events.
    fn mean_of_ratios(&self) -> String {
        let shortest = self.series(&ratio_name(self.shortest_ms()));
        let period = duration(self.options.windows.period_ms);
        format!(
            "sum_over_time({shortest}[{period}])\n/ ignoring (sloth_window)\ncount_over_time({shortest}[{period}])\n"
        )
    }

    fn shortest_ms(&self) -> i64 {
        self.windows_ms.first().copied().unwrap_or_default()
    }

    fn metadata_rules(&self) -> Vec<Rule> {
        let period_ms = self.options.windows.period_ms;
        let ratio = float::general(self.objective_percent / 100.0);
        let burn_rate = |window_ms: i64| {
            let (ratio, budget) = (self.series(&ratio_name(window_ms)), self.series("slo:error_budget:ratio"));
            format!("{ratio}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\n{budget}\n")
        };
        let remaining = format!("1 - {}", self.series("slo:period_burn_rate:ratio"));
        let days = float::general(period_ms as f64 / DAY_MS);
        let rules = [
            ("slo:objective:ratio", format!("vector({ratio})")),
            ("slo:error_budget:ratio", format!("vector(1-{ratio})")),
            ("slo:time_period:days", format!("vector({days})")),
            ("slo:current_burn_rate:ratio", burn_rate(self.shortest_ms())),
            ("slo:period_burn_rate:ratio", burn_rate(period_ms)),
            ("slo:period_error_budget_remaining:ratio", remaining),
        ];
        let rules = rules.into_iter().map(|(name, expr)| Rule::record(name, expr, self.labels()));
        rules
            .chain([Rule::record("sloth_slo_info", "vector(1)", self.info_labels())])
            .chain(self.corrections())
            .collect()
    }

    fn info_labels(&self) -> BTreeMap<String, String> {
        let (mode, spec) = match self.service.form {
            Form::File => ("cli-gen-prom", FILE_VERSION),
            Form::Resource(_) => ("cli-gen-k8s", RESOURCE_VERSION),
            Form::Other => ("cli-gen-openslo", "openslo/v1alpha"),
        };
        let mut labels = self.labels();
        for (name, value) in [
            ("sloth_mode", mode.to_owned()),
            ("sloth_objective", float::plain(self.objective_percent)),
            ("sloth_spec", spec.to_owned()),
            ("sloth_version", self.options.version.clone()),
        ] {
            labels.insert(name.to_owned(), value);
        }
        labels.extend(self.slo.plugins.info_labels.clone());
        labels
    }

    /// How much of the period's traffic a window had.
    fn corrections(&self) -> Vec<Rule> {
        let Sli::Events { total, .. } = &self.slo.sli else { return Vec::new() };
        if !self.slo.plugins.is_denominator_corrected {
            return Vec::new();
        }
        let period = in_window(total, self.options.windows.period_ms);
        let rule = |&window_ms: &i64| {
            let expr = format!("({})/({period})", in_window(total, window_ms));
            Rule::record(correction_name(window_ms), expr, self.labels())
        };
        self.windows_ms.iter().map(rule).collect()
    }

    fn alert_rules(&self) -> Vec<Rule> {
        self.slo.alerts.iter().filter_map(|alert| self.alert_rule(alert)).collect()
    }

    fn alert_rule(&self, alert: &Alert) -> Option<Rule> {
        let pairs = self.options.windows.pairs.iter().filter(|pair| pair.severity == alert.severity);
        let conditions: Vec<String> = pairs.map(|pair| self.condition(pair)).collect();
        let mut labels = alert.labels.clone();
        labels.insert(SEVERITY_LABEL.to_owned(), alert.severity.as_str().to_owned());
        (!conditions.is_empty()).then(|| Rule {
            made: Made::Alert(alert.name.clone()),
            expr: conditions.join("or\n"),
            for_ms: None,
            labels,
            annotations: alert.annotations.clone(),
        })
    }

    fn condition(&self, pair: &BurnPair) -> String {
        let budget = float::general((100.0 - self.objective_percent) / 100.0);
        let burns = |window_ms: i64| {
            let ratio = self.series(&ratio_name(window_ms));
            let factor = float::general(pair.factor);
            format!("    max({ratio} > ({factor} * {budget})) without (sloth_window)\n")
        };
        format!("(\n{}    and\n{})\n", burns(pair.short_ms), burns(pair.long_ms))
    }
}

fn ratio_name(window_ms: i64) -> String {
    format!("slo:sli_error:ratio_rate{}", duration(window_ms))
}

fn correction_name(window_ms: i64) -> String {
    format!("slo:numerator_correction:ratio{}", duration(window_ms))
}

fn duration(millis: i64) -> String {
    PromDuration::from_millis(millis).to_string()
}

/// A query over a window.
fn in_window(query: &str, window_ms: i64) -> String {
    let window = duration(window_ms);
    let mut text = String::with_capacity(query.len());
    let mut rest = query;
    while let Some((start, n_bytes)) = next_window(rest) {
        text.push_str(&rest[..start]);
        text.push_str(&window);
        rest = &rest[start + n_bytes..];
    }
    text + rest
}
