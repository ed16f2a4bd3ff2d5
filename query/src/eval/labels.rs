//! `label_replace` and `label_join`.

use model::Labels;
use model::labels::METRIC_NAME;
use model::regex::{GoRegex, Template};

use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;
use crate::column::merged;
use crate::engine::QueryError;
use crate::plan::{Grid, LabelOp};

/// Changes the labels of each series, and merges those that have come to the same.
pub(super) fn change<'a>(
    evaluation: &Evaluation<'a>,
    change: &LabelOp,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let change = Change::new(change)?;
    let max_bytes = evaluation.settings.limits.max_label_value_bytes;
    let (mut columns, n_counted) = evaluation.collected(vector)?;
    evaluation.forget_samples(n_counted);
    let mut ticker = evaluation.watch.ticker();
    for column in &mut columns {
        ticker.tick(UNITS_PER_CHANGE)?;
        let Some(value) = change.value(&column.labels) else { continue };
        if value.len() > max_bytes {
            return Err(QueryError::Execution(format!(
                "label value built by the query is too long: {} bytes, limit {max_bytes} (query_label_value, raised by \
                 narthex.limits.query_label_value)",
                value.len()
            )));
        }
        let mut labels = column.labels.to_builder();
        labels.set(change.target(), &value);
        column.relabel(labels.build())?;
        if change.target() == METRIC_NAME {
            column.drop_name = false;
        }
    }
    evaluation.vector(merged(columns)?, grid)
}

/// What a regular expression and new labels cost, in units of work.
const UNITS_PER_CHANGE: usize = 64;

enum Change<'c> {
    Replace { target: &'c str, source: &'c str, regex: GoRegex, template: Template },
    Join { target: &'c str, separator: &'c str, sources: &'c [String] },
}

impl<'c> Change<'c> {
    fn new(change: &'c LabelOp) -> Result<Change<'c>, QueryError> {
        match change {
            LabelOp::Join { target, separator, sources } => Ok(Change::Join { target, separator, sources }),
            LabelOp::Replace { target, replacement, source, regex } => {
                let compiled = GoRegex::anchored(regex).map_err(|_| {
                    QueryError::Execution(format!("invalid regular expression in label_replace(): {regex}"))
                })?;
                let template = Template::new(replacement, &compiled);
                Ok(Change::Replace { target, source, regex: compiled, template })
            }
        }
    }

    fn target(&self) -> &str {
        match self {
            Change::Replace { target, .. } | Change::Join { target, .. } => target,
        }
    }

    /// The new value of the target; `None` where the labels stay.
    fn value(&self, labels: &Labels) -> Option<String> {
        let value = |name: &str| labels.get(name).unwrap_or_default();
        match self {
            Change::Replace { source, regex, template, .. } => {
                let captures = regex.captures(value(source))?;
                let mut out = String::new();
                template.expand(&captures, &mut out);
                Some(out)
            }
            Change::Join { separator, sources, .. } => {
                let values: Vec<&str> = sources.iter().map(|source| value(source)).collect();
                Some(values.join(separator))
            }
        }
    }
}
