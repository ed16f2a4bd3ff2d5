//! `/api/v1/reports/{product}`: how a product kept its promise over a period, as a page, a picture or JSON.
//!
//! Parameters: `period` (`2026`, `2026-Q4`, `2026-11`, `2026-W47`, `28d`; the last 28 days where it is left out), `format` (`html`,
//! `png`, `json`), `lang` (`en`, `zh-CN`; the configuration's `narthex.language` where it is left out) and `zone`, whose clocks a
//! calendar's periods go by (those of the product's window where it is left out). A report takes one of the places of queries.

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use jiff::tz::TimeZone;
use net::server::{Request, Response, produce};
use slo::report::{Delivery, Language, Period, Report, html, png};
use slo::spec::{Product, Window};

use super::query::no_turn;
use super::{decoded_name, form_of, respond, spoken, strict};
use crate::reply::{ApiError, ErrorType, Reply};
use crate::state::Parts;
use crate::web::Shared;

const DEFAULT_PERIOD: &str = "28d";
/// A report runs and loads nothing, wherever it is opened.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// In what a report is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Html,
    Png,
    Json,
}

/// What is asked for.
struct Wanted {
    product: String,
    period: String,
    format: Format,
    language: Language,
    zone: Option<TimeZone>,
}

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, name: &str, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let language = shared.snapshot.load().language;
    let wanted = match strict(&form).and_then(|()| wanted(name, language, |name| form.get(name).to_owned())) {
        Ok(wanted) => wanted,
        Err(error) => return error.respond(),
    };
    let encoding = request.accepted_encoding();
    let Ok(place) = shared.queries.enter(shared.settings.limits.query_queue_time).await else {
        return no_turn(shared.queries.n_places()).respond();
    };
    let now_ms = shared.settings.clock.now_ms();
    produce(encoding, move || {
        let made = made(&parts, &wanted, now_ms);
        drop(place);
        made.unwrap_or_else(|error| error.respond())
    })
    .await
}

fn wanted(name: &str, language: Language, parameter: impl Fn(&str) -> String) -> Result<Wanted, ApiError> {
    let format = match parameter("format").as_str() {
        "" | "html" => Format::Html,
        "png" => Format::Png,
        "json" => Format::Json,
        _ => return Err(ApiError::parameter("format", "there are html, png and json")),
    };
    let language = spoken(&parameter("lang"), language)?;
    let zone = clocks(&parameter("zone"))?;
    let period = Some(parameter("period")).filter(|period| !period.is_empty());
    let period = period.unwrap_or_else(|| DEFAULT_PERIOD.to_owned());
    Ok(Wanted { product: decoded_name(name)?, period, format, language, zone })
}

fn made(parts: &Parts, wanted: &Wanted, now_ms: i64) -> Result<Response, ApiError> {
    let missing = || {
        ApiError::new(ErrorType::NotFound, format_args!("no such product: {}", model::name::quoted(&wanted.product)))
    };
    let catalog = parts.budgets.catalog();
    let product = catalog.products.get(&wanted.product).ok_or_else(missing)?;
    let period = Period::of(&wanted.period, wanted.zone.as_ref().unwrap_or(&zone(product)), now_ms);
    let period = period.map_err(|error| ApiError::parameter("period", error))?;
    let delivery = Delivery::of(&parts.gates, &wanted.product, period.so_far(now_ms));
    let report = Report::of(&parts.budgets, &wanted.product, &period, wanted.language, &delivery, now_ms);
    let report = report.ok_or_else(missing)?;
    let failed = |error: &dyn std::fmt::Display| ApiError::new(ErrorType::Internal, error);
    match wanted.format {
        Format::Html => Ok(page(html(&report, &period).map_err(|error| failed(&error))?)),
        Format::Png => {
            let picture = png(&report, &period).map_err(|error| failed(&error))?;
            Ok(Response::with_body(StatusCode::OK, "image/png", picture))
        }
        Format::Json => Ok(respond(Reply::serialized(&report))),
    }
}

/// Whose clocks `zone` asks for; `None` where it is left out.
pub(super) fn clocks(name: &str) -> Result<Option<TimeZone>, ApiError> {
    if name.is_empty() {
        return Ok(None);
    }
    let unknown = |_| {
        let message = format_args!("{} is no time zone of the IANA database", model::name::quoted(name)).to_string();
        ApiError::parameter("zone", message)
    };
    TimeZone::get(name).map(Some).map_err(unknown)
}

/// Whose clocks: those of the product's window, where it goes by a calendar.
pub(super) fn zone(product: &Product) -> TimeZone {
    match &product.window {
        Window::Calendar { zone, .. } => zone.clone(),
        Window::Rolling { .. } => TimeZone::UTC,
    }
}

fn page(html: String) -> Response {
    Response::with_body(StatusCode::OK, "text/html; charset=utf-8", html)
        .with(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY))
        .with(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name=value` pairs, and the period, format and language that are meant, or what is wrong.
    fn check(parameters: &[(&str, &str)], want: Result<(&str, Format, Language), &str>) {
        check_in(Language::English, parameters, want);
    }

    fn check_in(language: Language, parameters: &[(&str, &str)], want: Result<(&str, Format, Language), &str>) {
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(known, _)| *known == name);
            found.map_or(String::new(), |(_, value)| (*value).to_owned())
        };
        let got = wanted("check%20out", language, parameter);
        let got = got.as_ref().map(|wanted| (wanted.period.as_str(), wanted.format, wanted.language));
        assert_eq!(got.map_err(|error| error.message.as_str()), want, "{parameters:?}");
    }

    #[test]
    fn parameters() {
        check(&[], Ok(("28d", Format::Html, Language::English)));
        check(&[("period", "2026-Q4"), ("format", "png")], Ok(("2026-Q4", Format::Png, Language::English)));
        check(&[("format", "json"), ("lang", "zh-CN")], Ok(("28d", Format::Json, Language::Chinese)));
        check_in(Language::Chinese, &[], Ok(("28d", Format::Html, Language::Chinese)));
        check_in(Language::Chinese, &[("lang", "en")], Ok(("28d", Format::Html, Language::English)));
        check(&[("format", "pdf")], Err("invalid parameter \"format\": there are html, png and json"));
        check(&[("zone", "Asia/Shanghai")], Ok(("28d", Format::Html, Language::English)));
        check(&[("zone", "Mars")], Err("invalid parameter \"zone\": \"Mars\" is no time zone of the IANA database"));
        check(&[("lang", "xx")], Err("invalid parameter \"lang\": there are en and zh-CN"));
    }
}
