//! `/api/v1/targets`, what relabelling does to them, and the pools they are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::duration::PromDuration;
use model::name::{ValidationScheme, quoted};
use model::regex::GoRegex;
use model::relabel::{RelabelConfig, Rules};
use model::{Labels, yaml};
use net::url::{Url, join_host_port};
use scrape::config::ScrapeConfig;
use scrape::pool::{ActiveTarget, DroppedTarget, PoolStatus};

use super::Asked;
use crate::json::Json;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::{Parts, Settings};
use crate::time::{NEVER, format_rfc3339};

pub(super) fn targets(parts: &Parts, asked: &Asked) -> ApiResult {
    let state = asked.query.get("state").to_lowercase();
    let shows = |kind: &str| state.is_empty() || state == "any" || state == kind;
    let (active, dropped) = (shows("active"), shows("dropped"));
    let wanted = asked.query.get("scrapePool").to_owned();
    let pools = parts.targets.status();
    let shared = Arc::clone(&asked.shared);
    Reply::data(move |json| {
        let is_wanted = |pool: &&PoolStatus| wanted.is_empty() || pool.name == wanted;
        let of_wanted = || pools.iter().filter(is_wanted);
        json.raw("{\"activeTargets\":");
        let targets = of_wanted().filter(|_| active).flat_map(|pool| pool.active.iter().map(move |one| (pool, one)));
        json.list(targets, |json, (pool, target)| write_active(json, pool, target, &shared.settings));
        json.raw(",\"droppedTargets\":");
        let targets = of_wanted().filter(|_| dropped).flat_map(|pool| pool.dropped.iter().map(move |one| (pool, one)));
        json.list(targets, |json, (pool, target)| write_dropped(json, pool, target));
        json.raw(",\"droppedTargetCounts\":");
        if dropped {
            write_counts(json, &pools);
        } else {
            json.raw("null");
        }
        json.raw("}");
    })
}

fn write_active(json: &mut Json<'_>, pool: &PoolStatus, target: &ActiveTarget, settings: &Settings) {
    let duration = |duration: std::time::Duration| {
        PromDuration::from_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)).to_string()
    };
    let state = &target.state;
    json.raw("{\"discoveredLabels\":");
    json.labels(&target.discovered_labels);
    json.raw(",\"labels\":");
    json.labels(&target.labels);
    let last_scrape = state.last_scrape_ms.map_or_else(|| NEVER.to_owned(), format_rfc3339);
    for (key, text) in [
        ("scrapePool", pool.name.as_str()),
        ("scrapeUrl", &target.url),
        ("globalUrl", &global_url(&target.url, settings)),
        ("lastError", state.last_error.as_deref().unwrap_or_default()),
        ("lastScrape", &last_scrape),
    ] {
        json.raw(",");
        json.key(key);
        json.string(text);
    }
    json.raw(",\"lastScrapeDuration\":");
    json.number(state.last_duration.as_secs_f64());
    json.raw(",\"health\":");
    json.string(state.health.as_str());
    json.raw(",\"scrapeInterval\":");
    json.string(&duration(target.interval));
    json.raw(",\"scrapeTimeout\":");
    json.string(&duration(target.timeout));
    write_own(json, target);
    json.raw("}");
}

/// What Prometheus does not tell.
fn write_own(json: &mut Json<'_>, target: &ActiveTarget) {
    json.raw(",\"lastWarning\":");
    json.string(target.state.last_warning.as_deref().unwrap_or_default());
    json.raw(",\"lastSamples\":");
    json.integer(i64::try_from(target.state.n_samples).unwrap_or(i64::MAX));
    json.raw(",\"recentScrapes\":");
    json.list(&target.state.past, |json, scrape| {
        json.raw("[");
        json.number(scrape.duration.as_secs_f64());
        json.raw(",");
        json.boolean(scrape.ok);
        json.raw("]");
    });
}

fn write_dropped(json: &mut Json<'_>, pool: &PoolStatus, target: &DroppedTarget) {
    json.raw("{\"discoveredLabels\":");
    json.labels(&target.discovered_labels);
    json.raw(",\"scrapePool\":");
    json.string(&pool.name);
    json.raw("}");
}

fn write_counts(json: &mut Json<'_>, pools: &[PoolStatus]) {
    json.raw("{");
    for (n, pool) in pools.iter().enumerate() {
        if n > 0 {
            json.raw(",");
        }
        json.key(&pool.name);
        json.integer(i64::try_from(pool.n_dropped).unwrap_or(i64::MAX));
    }
    json.raw("}");
}

/// The URL of a target as others reach it: a target on this machine is known to them by our own host, and we
/// ourselves by our external URL.
fn global_url(text: &str, settings: &Settings) -> String {
    let Ok(url) = text.parse::<Url>() else { return text.to_owned() };
    if !matches!(url.host(), "127.0.0.1" | "localhost" | "::1") {
        return text.to_owned();
    }
    let external = &settings.external_url;
    let own_port = settings.listen_address.rsplit_once(':').map_or("", |(_, port)| port);
    let authority = url.authority();
    let given_port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.contains(']'));
    if given_port == Some(own_port) {
        return format!("{}{}", external.origin(), url.path_and_query());
    }
    let host = match given_port {
        Some(_) => join_host_port(external.host(), url.port()),
        None => external.host().to_owned(),
    };
    format!("{}://{host}{}", url.scheme(), url.path_and_query())
}

pub(super) fn scrape_pools(parts: &Parts) -> ApiResult {
    let names = parts.targets.pool_names();
    Reply::data(move |json| {
        json.raw("{\"scrapePools\":");
        json.strings(names.iter().map(String::as_str));
        json.raw("}");
    })
}

pub(super) fn scrape_pool_config(asked: &Asked) -> ApiResult {
    let config = config_of(asked, required(asked, "scrapePool")?)?;
    let text = yaml::to_yaml(&*config).map_err(|error| ApiError::new(ErrorType::Internal, error))?;
    Reply::data(move |json| {
        json.raw("{\"yaml\":");
        json.string(&text);
        json.raw("}");
    })
}

pub(super) fn relabel_steps(asked: &Asked) -> ApiResult {
    let pool = required(asked, "scrapePool")?;
    let labels = required(asked, "labels")?;
    let labels: BTreeMap<String, String> = serde_json::from_str(labels)
        .map_err(|error| ApiError::bad_data(format_args!("error parsing labels: {error}")))?;
    let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let config = config_of(asked, pool)?;
    let rules = Rules::new(&config.relabel_configs, ValidationScheme::Utf8).map_err(ApiError::bad_data)?;
    let steps: Vec<(String, Labels, bool)> = rules
        .steps(&labels)
        .into_iter()
        .map(|step| Ok((rule_json(step.rule)?, step.output, step.keep)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| ApiError::new(ErrorType::Internal, error))?;
    Reply::data(move |json| {
        json.raw("{\"steps\":");
        json.list(&steps, |json, (rule, output, keep)| {
            json.raw("{\"rule\":");
            json.raw(rule);
            json.raw(",\"output\":");
            json.labels(output);
            json.raw(",\"keep\":");
            json.boolean(*keep);
            json.raw("}");
        });
        json.raw("}");
    })
}

/// A rule as JSON. A regular expression that was left out is shown as what it means.
fn rule_json(rule: &RelabelConfig) -> serde_json::Result<String> {
    let mut rule = rule.clone();
    rule.regex = rule.regex.or_else(|| GoRegex::anchored("(.*)").ok());
    let json = serde_json::to_string(&rule)?;
    Ok(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}

fn required<'asked>(asked: &'asked Asked, name: &'asked str) -> Result<&'asked str, ApiError> {
    match asked.form.get(name) {
        "" => Err(ApiError::bad_data(format_args!("no {name} parameter provided"))),
        value => Ok(value),
    }
}

fn config_of(asked: &Asked, pool: &str) -> Result<Arc<ScrapeConfig>, ApiError> {
    let snapshot = asked.shared.snapshot.load();
    let config = snapshot.scrape_configs.iter().find(|config| config.job_name == pool);
    config.cloned().ok_or_else(|| {
        let what = format!("scrape pool {} not found", quoted(pool));
        ApiError::bad_data(format_args!("error retrieving scrape config: {what}"))
    })
}
