//! Pictures of what alerts are about: the expression over the last hour, its threshold, and since when it fires; of an error budget
//! also what was left of it.
//!
//! The expression is that of the alert's link, provided that the link leads here: an alert from elsewhere is about series
//! that are not here. A picture is made once for each notification and attempt; what fails is left out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chart::{Chart, Series, Span, Theme, Threshold};
use jiff::tz::TimeZone;
use model::Labels;
use net::form::Form;

use super::subject::Subject;
use crate::receivers::Language;
use crate::{Alert, Notification};

/// Before an alert began, so much is shown.
const BEFORE_MS: i64 = 3_600_000;
/// And so much in all, at most.
const MOST_MS: i64 = 24 * 3_600_000;
/// How many values are asked for.
const N_STEPS: usize = 241;
/// Values are not asked for more often than this.
const LEAST_STEP_MS: i64 = 15_000;
/// The page that alerts of error budgets link to.
const BUDGETS: &str = "slos";
/// Pixels for each of the picture's 600 × 200.
const SCALE: u32 = 2;

/// What a picture asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureQuery {
    /// PromQL.
    pub expr: String,
    /// The first time, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// From one time to the next.
    pub step_ms: i64,
    /// How many times.
    pub n_steps: usize,
}

/// A series of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSeries {
    /// Its labels.
    pub labels: Labels,
    /// A value for each time; `None` where there was none.
    pub values: Vec<Option<f64>>,
}

/// Series to come, or why there are none.
pub type SeriesFuture = Pin<Box<dyn Future<Output = Result<Vec<PictureSeries>, String>> + Send>>;

/// Answers what expressions were, under the engine's limits, and what alerts of error budgets are about.
pub trait SeriesSource: fmt::Debug + Send + Sync {
    /// The values of an expression at the query's times.
    fn series(&self, query: PictureQuery) -> SeriesFuture;

    /// The expression of an alert that no rule made: a burn rate, and what it is told above. May wait for budgets.
    fn burn_expr(&self, _: &Alert) -> Option<String> {
        None
    }

    /// What was left of an alert's budget along its window, up to a time in milliseconds since the Unix epoch. May wait for budgets.
    fn budget(&self, _: &Alert, _at_ms: i64) -> Option<Chart> {
        None
    }
}

/// Draws what notifications are about.
#[derive(Debug)]
pub struct Pictures {
    source: Arc<dyn SeriesSource>,
    external_url: String,
    language: Language,
}

impl Pictures {
    /// Draws series of a source for alerts whose links begin with `external_url`.
    pub fn new(source: Arc<dyn SeriesSource>, external_url: &str, language: Language) -> Pictures {
        Pictures { source, external_url: external_url.trim_end_matches('/').to_owned(), language }
    }

    /// A picture of what the first alert that fires is about, or the first one.
    pub async fn png(&self, notification: &Notification) -> Option<Arc<[u8]>> {
        let alert = first(notification)?;
        let subject = Subject::of(&self.expr_of(alert).await?)?;
        let query = query(&subject, alert, notification.at_ms);
        let series = match self.source.series(query.clone()).await {
            Ok(series) => series,
            Err(error) => {
                tracing::debug!(expr = subject.expr, error, "no picture beside an alert");
                return None;
            }
        };
        let series = of_alerts(series, &notification.alerts);
        if series.is_empty() {
            return None;
        }
        let chart = self.chart(&subject, &query, series, alert);
        drawn(move || Some(chart)).await
    }

    /// A picture of the budget that the first alert that fires is of, or the first one.
    pub async fn budget_png(&self, notification: &Notification) -> Option<Arc<[u8]>> {
        let alert = first(notification).filter(|alert| self.is_of_budget(alert))?.clone();
        let (source, at_ms) = (Arc::clone(&self.source), notification.at_ms);
        drawn(move || source.budget(&alert, at_ms)).await
    }

    /// The expression of an alert's link, or of its budget.
    async fn expr_of(&self, alert: &Alert) -> Option<String> {
        if self.is_of_budget(alert) {
            let (source, alert) = (Arc::clone(&self.source), alert.clone());
            return tokio::task::spawn_blocking(move || source.burn_expr(&alert)).await.ok().flatten();
        }
        let form = Form::parse(self.form_of(alert)?.1);
        Some(form.get("g0.expr").to_owned()).filter(|expr| !expr.is_empty())
    }

    /// Whether an alert is of a budget that is here.
    fn is_of_budget(&self, alert: &Alert) -> bool {
        self.form_of(alert).is_some_and(|(path, _)| path == BUDGETS)
    }

    /// The page of an alert's link, and what is asked of it; `None` where it leads elsewhere.
    fn form_of<'a>(&self, alert: &'a Alert) -> Option<(&'a str, &'a str)> {
        let path = alert.generator_url.strip_prefix(&self.external_url)?;
        path.strip_prefix('/')?.split_once('?')
    }

    fn chart(&self, subject: &Subject, query: &PictureQuery, series: Vec<PictureSeries>, alert: &Alert) -> Chart {
        let names = names(&series);
        let named = names.into_iter().zip(series).map(|(name, series)| Series::new(name, series.values));
        let threshold = subject
            .threshold
            .map(|(sign, value)| Threshold { value, label: format!("{sign}\u{a0}{}", subject.unit.text(value)) });
        let (firing, nothing) = match self.language {
            Language::English => ("firing", "no samples in this time"),
            Language::Chinese => ("告警中", "该时段没有样本"),
        };
        Chart {
            title: subject.expr.split_whitespace().collect::<Vec<_>>().join(" "),
            series: named.collect(),
            from_ms: query.from_ms,
            step_ms: query.step_ms,
            n_steps: query.n_steps,
            unit: subject.unit,
            from_zero: subject.is_count,
            threshold,
            spans: vec![Span::shaded(alert.starts_at_ms, alert.ends_at_ms.unwrap_or(i64::MAX), firing.to_owned())],
            marks: Vec::new(),
            band: None,
            zone: TimeZone::UTC,
            nothing: nothing.to_owned(),
        }
    }
}

/// The alert that a notification's pictures are of.
fn first(notification: &Notification) -> Option<&Alert> {
    let is_firing = |alert: &&Alert| !alert.is_resolved_at(notification.at_ms);
    notification.alerts.iter().find(is_firing).or_else(|| notification.alerts.first())
}

/// A picture as a PNG; `None` where there is none or it cannot be drawn.
async fn drawn(chart: impl FnOnce() -> Option<Chart> + Send + 'static) -> Option<Arc<[u8]>> {
    let drawn = tokio::task::spawn_blocking(|| chart().map(|chart| chart::png(&chart, Theme::Light, SCALE))).await;
    match drawn.ok().flatten()? {
        Ok(png) => Some(png.into()),
        Err(error) => {
            tracing::warn!(%error, "a picture beside an alert was not drawn");
            None
        }
    }
}

/// From an hour before it began until it was told.
fn query(subject: &Subject, alert: &Alert, at_ms: i64) -> PictureQuery {
    let from_ms = alert.starts_at_ms.saturating_sub(BEFORE_MS).clamp(at_ms - MOST_MS, at_ms - BEFORE_MS);
    let step_ms = ((at_ms - from_ms) / (N_STEPS as i64 - 1)).max(LEAST_STEP_MS);
    PictureQuery {
        expr: subject.expr.clone(),
        from_ms: at_ms - step_ms * (N_STEPS as i64 - 1),
        step_ms,
        n_steps: N_STEPS,
    }
}

/// Those series that the alerts come from, or all where that cannot be seen.
fn of_alerts(series: Vec<PictureSeries>, alerts: &[Alert]) -> Vec<PictureSeries> {
    let is_of = |series: &PictureSeries, alert: &Alert| {
        let labels = series.labels.without_metric_name();
        labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value))
    };
    let is_of_any = |series: &&PictureSeries| alerts.iter().take(chart::MAX_SERIES).any(|alert| is_of(series, alert));
    let of_any: Vec<PictureSeries> = series.iter().filter(is_of_any).cloned().collect();
    if of_any.is_empty() { series } else { of_any }
}

/// What tells the series apart, or all labels of a single one.
fn names(series: &[PictureSeries]) -> Vec<String> {
    let is_common = |name: &str, value: &str| {
        series.len() > 1 && series.iter().all(|series| series.labels.get(name) == Some(value))
    };
    let name = |series: &PictureSeries| {
        let pairs = series.labels.iter().filter(|(name, value)| *name != "__name__" && !is_common(name, value));
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { series.labels.metric_name().to_owned() } else { pairs.join(", ") }
    };
    series.iter().map(name).collect()
}
