//! `/api/v1/rules`: groups with their rules, filtered and in pages, as Prometheus answers.

use std::collections::HashSet;

use alerting::rules::{AlertingStatus, GroupStatus, RuleKind, RuleStatus};
use aws_lc_rs::digest::{SHA256, digest};
use model::Matcher;

use super::{Asked, alerts, strict};
use crate::json::Json;
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;
use crate::time::{NEVER, format_rfc3339};

pub(super) fn rules(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let filter = Filter::of(asked)?;
    let page = Page::of(asked)?;
    let has_alerts = filter.kind != Some(Kind::Record) && !filter.exclude_alerts;
    let (groups, next) = page.cut(groups(parts, has_alerts), &filter)?;
    Reply::data(move |json| {
        json.raw("{\"groups\":");
        json.list(&groups, |json, group| write_group(json, group, &filter));
        if let Some(token) = &next {
            json.raw(",\"groupNextToken\":");
            json.string(token);
        }
        json.raw("}");
    })
}

/// All groups: those of rule files, and budgets, which are one.
pub(super) fn groups(parts: &Parts, has_alerts: bool) -> Vec<GroupStatus> {
    parts.rules.groups(has_alerts).into_iter().chain(parts.budgets.group()).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Alert,
    Record,
}

/// Which rules are wanted.
#[derive(Debug)]
struct Filter {
    names: HashSet<String>,
    groups: HashSet<String>,
    files: HashSet<String>,
    selectors: Vec<Vec<Matcher>>,
    kind: Option<Kind>,
    exclude_alerts: bool,
}

impl Filter {
    fn of(asked: &Asked) -> Result<Filter, ApiError> {
        let set = |key: &str| asked.form.all(key).map(str::to_owned).collect();
        let selectors = params::selectors(&asked.form).map_err(ApiError::bad_data)?;
        let kind = match asked.query.get("type").to_lowercase().as_str() {
            "" => None,
            "alert" => Some(Kind::Alert),
            "record" => Some(Kind::Record),
            other => return Err(ApiError::parameter("type", format_args!("not supported value \"{other}\""))),
        };
        let exclude_alerts = match asked.query.get("exclude_alerts").to_lowercase().as_str() {
            "" => false,
            text => params::boolean(text).map_err(|error| {
                ApiError::parameter("exclude_alerts", format_args!("error converting exclude_alerts: {error}"))
            })?,
        };
        let (names, groups, files) = (set("rule_name[]"), set("rule_group[]"), set("file[]"));
        Ok(Filter { names, groups, files, selectors, kind, exclude_alerts })
    }

    /// Whether a group can have what is wanted.
    fn takes_group(&self, group: &GroupStatus) -> bool {
        let takes = |set: &HashSet<String>, name: &str| set.is_empty() || set.contains(name);
        takes(&self.groups, &group.name) && takes(&self.files, &group.file)
    }

    fn takes(&self, rule: &RuleStatus) -> bool {
        let kind = match rule.kind {
            RuleKind::Alerting(_) => Kind::Alert,
            RuleKind::Recording => Kind::Record,
        };
        let all_match = |matchers: &Vec<Matcher>| matchers.iter().all(|matcher| matcher.matches_labels(&rule.labels));
        (self.names.is_empty() || self.names.contains(&rule.name))
            && self.kind.is_none_or(|wanted| wanted == kind)
            && (self.selectors.is_empty() || self.selectors.iter().any(all_match))
    }
}

/// Which part of the groups is wanted.
#[derive(Debug)]
struct Page {
    /// How many groups; `None` for all.
    limit: Option<usize>,
    /// The group with which it begins, by its token.
    token: String,
}

impl Page {
    fn of(asked: &Asked) -> Result<Page, ApiError> {
        let (limit, token) = (asked.query.get("group_limit"), asked.query.get("group_next_token").to_owned());
        if limit.is_empty() {
            if token.is_empty() {
                return Ok(Page { limit: None, token });
            }
            let message = "group_limit needs to be present in order to paginate over the groups";
            return Err(ApiError::parameter("group_next_token", message));
        }
        let number = params::integer_32(limit).map_err(|error| {
            ApiError::parameter("group_limit", format_args!("group_limit needs to be a valid number: {error}"))
        })?;
        match usize::try_from(number) {
            Ok(limit) if limit > 0 => Ok(Page { limit: Some(limit), token }),
            _ => Err(ApiError::parameter("group_limit", "group_limit needs to be greater than 0")),
        }
    }

    /// The groups of the page that have what is wanted, and the token of the next page, if there is one.
    fn cut(&self, groups: Vec<GroupStatus>, filter: &Filter) -> Result<(Vec<GroupStatus>, Option<String>), ApiError> {
        let mut groups = groups.into_iter().peekable();
        if !self.token.is_empty() {
            while groups.next_if(|group| token(group) != self.token).is_some() {}
            if groups.peek().is_none() {
                let message = format!("invalid group_next_token '{}'. were rule groups changed?", self.token);
                return Err(ApiError::parameter("group_next_token", message));
            }
        }
        let mut cut: Vec<GroupStatus> = Vec::new();
        for group in groups {
            if !filter.takes_group(&group) || !group.rules.iter().any(|rule| filter.takes(rule)) {
                continue;
            }
            if self.limit == Some(cut.len()) {
                return Ok((cut, Some(token(&group))));
            }
            cut.push(group);
        }
        Ok((cut, None))
    }
}

/// What stands for a group in the address of the next page.
fn token(group: &GroupStatus) -> String {
    let hash = digest(&SHA256, format!("{};{}", group.file, group.name).as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_group(json: &mut Json<'_>, group: &GroupStatus, filter: &Filter) {
    json.raw("{\"name\":");
    json.string(&group.name);
    json.raw(",\"file\":");
    json.string(&group.file);
    json.raw(",\"rules\":");
    json.list(group.rules.iter().filter(|rule| filter.takes(rule)), |json, rule| write_rule(json, rule, filter));
    json.raw(",\"interval\":");
    json.number(group.interval_ms as f64 / 1000.0);
    json.raw(",\"limit\":");
    json.integer(i64::try_from(group.limit).unwrap_or(i64::MAX));
    // Our own, and only where there is one: the page's back-test asks for it.
    if group.query_offset_ms != 0 {
        json.raw(",\"queryOffset\":");
        json.number(group.query_offset_ms as f64 / 1000.0);
    }
    write_evaluation(json, group.evaluation_time.as_secs_f64(), group.last_evaluation_ms);
    json.raw("}");
}

fn write_rule(json: &mut Json<'_>, rule: &RuleStatus, filter: &Filter) {
    json.raw("{");
    if let RuleKind::Alerting(alerting) = &rule.kind {
        json.raw("\"state\":");
        json.string(alerting.state.map_or("unknown", |state| state.as_str()));
        json.raw(",");
    }
    json.raw("\"name\":");
    json.string(&rule.name);
    json.raw(",\"query\":");
    json.string(&rule.query);
    if let RuleKind::Alerting(alerting) = &rule.kind {
        json.raw(",\"duration\":");
        json.number(alerting.hold_ms as f64 / 1000.0);
        json.raw(",\"keepFiringFor\":");
        json.number(alerting.keep_firing_ms as f64 / 1000.0);
    }
    json.raw(",\"labels\":");
    json.labels(&rule.labels);
    if let RuleKind::Alerting(alerting) = &rule.kind {
        write_alerts(json, alerting, filter);
    }
    json.raw(",\"health\":");
    json.string(rule.health.as_str());
    if let Some(error) = &rule.last_error {
        json.raw(",\"lastError\":");
        json.string(error);
    }
    write_evaluation(json, rule.evaluation_time.as_secs_f64(), rule.last_evaluation_ms);
    json.raw(match rule.kind {
        RuleKind::Alerting(_) => ",\"type\":\"alerting\"}",
        RuleKind::Recording => ",\"type\":\"recording\"}",
    });
}

fn write_alerts(json: &mut Json<'_>, alerting: &AlertingStatus, filter: &Filter) {
    json.raw(",\"annotations\":");
    json.labels(&alerting.annotations);
    json.raw(",\"alerts\":");
    if filter.exclude_alerts {
        json.raw("null");
    } else {
        json.list(&alerting.alerts, alerts::write);
    }
}

fn write_evaluation(json: &mut Json<'_>, seconds: f64, last_ms: Option<i64>) {
    json.raw(",\"evaluationTime\":");
    json.number(seconds);
    json.raw(",\"lastEvaluation\":");
    json.string(&last_ms.map_or(NEVER.to_owned(), format_rfc3339));
}
