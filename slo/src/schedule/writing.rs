//! The mail of a report that is due.

use alerting::receivers::{Attached, Mail};
use net::percent::{Place, encode};

use super::DueReport;
use crate::budget::Budgets;
use crate::report::{Delivery, PICTURE, Period, PeriodError, Report, html, letter, png};
use crate::window::Span;

/// The limit `report_attachment_bytes`: a larger file is left out, and the mail goes without it.
pub const MAX_ATTACHED_BYTES: usize = 5 << 20;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The product is gone.
    #[error("there is no product {0}")]
    NoProduct(String),
    /// It is about no time.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// Its picture cannot be drawn.
    #[error("the burn-down cannot be drawn: {0}")]
    Picture(#[from] chart::PngError),
    /// Its page cannot be drawn.
    #[error("the page cannot be drawn: {0}")]
    Page(#[from] chart::DrawError),
    /// It is no JSON.
    #[error("the report is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The mail of a report that is due. `delivery` answers what gates know of a product over a span.
///
/// # Errors
/// When there is nothing to report on, or it cannot be drawn.
pub fn written(
    due: &DueReport,
    budgets: &Budgets,
    delivery: impl FnOnce(&str, Span) -> Delivery,
    now_ms: i64,
) -> Result<Mail, WriteError> {
    let schedule = &due.schedule;
    let language = schedule.language.unwrap_or_else(|| budgets.language());
    let period = Period::of(&due.due.period, &schedule.zone, now_ms)?;
    let delivery = delivery(&schedule.product, period.so_far(now_ms));
    let report = Report::of(budgets, &schedule.product, &period, language, &delivery, now_ms)
        .ok_or_else(|| WriteError::NoProduct(schedule.product.clone()))?;
    let (product, zone) = (encode(&schedule.product, Place::Path), schedule.zone.iana_name().unwrap_or("UTC"));
    let page_url = format!(
        "{}/api/v1/reports/{product}?period={}&zone={}&lang={}",
        budgets.external_url(),
        period.name,
        encode(zone, Place::Query),
        language.tag()
    );
    let letter = letter(&report, &period, &page_url)?;
    let mut files = Vec::new();
    for format in &schedule.formats {
        let (media_type, bytes) = match format.as_str() {
            "html" => ("text/html", html(&report, &period)?.into_bytes()),
            "png" => ("image/png", png(&report, &period)?),
            _ => ("application/json", serde_json::to_vec(&report)?),
        };
        let name = format!("{}-{}.{format}", schedule.product, period.name);
        files.push(Attached { name, media_type, bytes });
    }
    files.retain(|file| file.bytes.len() <= MAX_ATTACHED_BYTES);
    Ok(Mail {
        id: due.id(),
        at_ms: now_ms,
        to: schedule.to.clone(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        pictures: vec![Attached { name: PICTURE.to_owned(), media_type: "image/png", bytes: letter.picture }],
        files,
    })
}
