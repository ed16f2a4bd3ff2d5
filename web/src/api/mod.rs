//! The endpoints of `/api/v1`: each a function from parameters to an answer, run on a blocking thread.

pub(crate) mod admin;
mod alertmanagers;
mod alerts;
pub(crate) mod backtests;
mod deliveries;
pub(crate) mod deployments;
mod exemplars;
pub(crate) mod gates;
pub(crate) mod hooks;
mod in_words;
mod language;
pub(crate) mod ledger;
mod listing;
mod metadata;
mod products;
pub(crate) mod query;
pub(crate) mod receiver_test;
pub(crate) mod reports;
mod rules;
mod schedules;
mod slos;
mod status;
mod storage;
pub(crate) mod suggestions;
mod targets;
pub(crate) mod trials;

use std::sync::Arc;

use model::name::quoted;
use net::form::{Form, FormError};
use net::percent::{self, Place};
use net::server::{Request, Response, produce};
use slo::report::Language;

use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::route::Endpoint;
use crate::state::Parts;
use crate::web::Shared;

pub(crate) use status::version;

/// What an endpoint is asked.
pub(crate) struct Asked {
    pub(crate) shared: Arc<Shared>,
    /// The parameters of the body, and behind them those of the URL.
    pub(crate) form: Form,
    /// The parameters of the URL alone.
    pub(crate) query: Form,
    /// The name in the path, still escaped.
    pub(crate) name: String,
}

/// Answers what no endpoint of its own reads the request for.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    parts: Option<Parts>,
    endpoint: Endpoint,
    name: &str,
    mut request: Request,
) -> Response {
    let encoding = request.accepted_encoding();
    let query = request.query();
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let asked = Asked { shared: Arc::clone(shared), form, query, name: name.to_owned() };
    produce(encoding, move || respond(dispatch(endpoint, parts.as_ref(), &asked))).await
}

/// The parameters of a request.
pub(crate) async fn form_of(request: &mut Request) -> Result<Form, Response> {
    match request.form().await {
        Ok(form) => match form.error() {
            Some(FormError::Percent(percent::PercentError::NotUtf8) | FormError::TooManyPairs) => {
                Err(ApiError::bad_data(format_args!("error parsing form values: {}", shown(&form))).respond())
            }
            _ => Ok(form),
        },
        Err(error) => Err(Response::error(error.status(), error)),
    }
}

/// What is wrong with a form.
fn shown(form: &Form) -> String {
    form.error().map(ToString::to_string).unwrap_or_default()
}

/// Refuses forms of which a pair could not be read; most endpoints pass over it, as in Prometheus.
fn strict(form: &Form) -> Result<(), ApiError> {
    match form.error() {
        None => Ok(()),
        Some(error) => Err(ApiError::bad_data(format_args!("error parsing form values: {error}"))),
    }
}

/// The language that `lang` asks for (`en`, `zh-CN`), or another one where it is left out.
fn spoken(lang: &str, otherwise: Language) -> Result<Language, ApiError> {
    let found = if lang.is_empty() { Some(otherwise) } else { Language::of(lang) };
    found.ok_or_else(|| ApiError::parameter("lang", "there are en and zh-CN"))
}

/// The response to an answer, or to the lack of one.
pub(crate) fn respond(result: ApiResult) -> Response {
    match result {
        Ok(reply) => reply.respond(),
        Err(error) => error.respond(),
    }
}

fn dispatch(endpoint: Endpoint, parts: Option<&Parts>, asked: &Asked) -> ApiResult {
    match endpoint {
        Endpoint::WalReplay => return status::wal_replay(asked),
        Endpoint::Notifications => return Reply::data(|json| json.raw("[]")),
        _ => {}
    }
    let Some(parts) = parts else {
        return Err(ApiError::new(ErrorType::Unavailable, "TSDB not ready"));
    };
    match endpoint {
        Endpoint::QueryExemplars => exemplars::query_exemplars(parts, asked),
        Endpoint::FormatQuery => language::format_query(parts, asked),
        Endpoint::ParseQuery => language::parse_query(parts, asked),
        Endpoint::Labels => listing::labels(parts, asked),
        Endpoint::LabelValues => listing::label_values(parts, asked),
        Endpoint::Series => listing::series(parts, asked),
        Endpoint::Metadata => metadata::metadata(parts, asked),
        Endpoint::TargetsMetadata => metadata::targets_metadata(parts, asked),
        Endpoint::Targets => targets::targets(parts, asked),
        Endpoint::RelabelSteps => targets::relabel_steps(asked),
        Endpoint::ScrapePools => targets::scrape_pools(parts),
        Endpoint::ScrapePoolConfig => targets::scrape_pool_config(asked),
        Endpoint::Alertmanagers => alertmanagers::alertmanagers(parts),
        Endpoint::Deliveries => deliveries::deliveries(parts, asked),
        Endpoint::ExplainDelivery => deliveries::explain(parts, asked),
        Endpoint::Gates => gates::list(parts, asked),
        Endpoint::OneGate => gates::one(parts, asked),
        Endpoint::ProductLedger => ledger::ledger(parts, asked),
        Endpoint::Rules => rules::rules(parts, asked),
        Endpoint::Alerts => alerts::alerts(parts),
        Endpoint::Slos => slos::slos(parts, asked),
        Endpoint::Slo => slos::slo(parts, asked),
        Endpoint::SloBurndown => slos::burndown(parts, asked),
        Endpoint::ReportSchedules => schedules::schedules(parts, asked),
        Endpoint::Products => products::products(parts, asked),
        Endpoint::Product => products::product(parts, asked),
        Endpoint::ProductBudget => products::budget(parts, asked),
        Endpoint::StatusConfig => status::config(asked),
        Endpoint::StatusFlags => status::flags(asked),
        Endpoint::StatusBuildInfo => status::build_info(asked),
        Endpoint::StatusRuntimeInfo => status::runtime_info(parts, asked),
        Endpoint::StatusTsdb => status::tsdb(parts, asked),
        Endpoint::StatusBlocks => storage::blocks(parts),
        Endpoint::StatusStorage => storage::storage(parts, asked),
        Endpoint::StatusLimits => status::limits(asked),
        Endpoint::Features => status::features(asked),
        Endpoint::Search => Err(ApiError::new(ErrorType::Unavailable, "search API disabled")),
        _ => Err(ApiError::new(ErrorType::Internal, "no such endpoint")),
    }
}

/// A name in a path, decoded.
fn decoded_name(name: &str) -> Result<String, ApiError> {
    percent::decode(name, Place::Path)
        .map(String::from)
        .map_err(|_| ApiError::bad_data(format_args!("invalid label name: {}", quoted_bytes(name))))
}

/// A name whose bytes are no text, as Go quotes it: `"\xff"`.
fn quoted_bytes(escaped: &str) -> String {
    let bytes = percent::decode_bytes(escaped, Place::Path).unwrap_or_else(|_| escaped.as_bytes().to_vec());
    let mut shown = String::from('"');
    for chunk in bytes.utf8_chunks() {
        shown.push_str(quoted(chunk.valid()).to_string().trim_matches('"'));
        chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    shown.push('"');
    shown
}
