//! `ReportSchedule`: reports that are sent by mail again and again.

use alerting::receivers::mail_address;
use serde::Deserialize;

use super::super::objects::{Objects, Stored, missing};
use super::super::resolve::each;
use super::super::walk::Walk;
use super::words::{needed, one_of, zone};
use crate::report::Language;
use crate::spec::{At, Catalog, Every, ReportSchedule};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ReportSchedule", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct ReportScheduleSpec {
    product: String,
    every: String,
    at: String,
    time_zone: String,
    language: String,
    formats: Vec<String>,
    to: Vec<String>,
}

pub(super) fn resolve(objects: &Objects<'_>, catalog: &mut Catalog) {
    each(objects.report_schedules.iter(), catalog, |stored, walk, catalog| {
        if let Some(schedule) = schedule(stored, objects, catalog, walk).filter(|_| !walk.has_errors()) {
            catalog.report_schedules.insert(schedule.name.clone(), schedule);
        }
    });
}

fn schedule(
    stored: &Stored<'_, ReportScheduleSpec>,
    objects: &Objects<'_>,
    catalog: &Catalog,
    walk: &mut Walk<'_>,
) -> Option<ReportSchedule> {
    let spec = &stored.spec;
    let product = needed("product", &spec.product, "what the report is about", walk)?;
    if !catalog.products.contains_key(product) {
        let all = &objects.products;
        let is_broken = all.is_broken(product) || all.get(product).is_some();
        walk.error("product", missing("Product", product, all.names(), is_broken));
    }
    if !spec.language.is_empty() {
        one_of("language", &spec.language, &["en", "zh-CN"], walk);
    }
    walk.within("formats", |walk| {
        for (index, format) in spec.formats.iter().enumerate() {
            if !["html", "png", "json"].contains(&format.as_str()) {
                walk.at(index, |walk| {
                    walk.error_here(format_args!("{format:?} is no format: html, png, json are known"));
                });
            }
        }
    });
    if spec.to.is_empty() {
        walk.error("to", "to whom is the report sent? addresses are needed");
    }
    addresses(&spec.to, walk);
    let zone = zone("timeZone", &spec.time_zone, walk);
    let (every, at) = time(spec, walk)?;
    Some(ReportSchedule {
        name: stored.name().to_owned(),
        product: product.to_owned(),
        every,
        at,
        zone: zone?,
        language: Language::of(&spec.language),
        formats: if spec.formats.is_empty() { vec!["html".to_owned()] } else { spec.formats.clone() },
        to: spec.to.clone(),
        source: walk.place(),
    })
}

/// How often, and when in it.
fn time(spec: &ReportScheduleSpec, walk: &mut Walk<'_>) -> Option<(Every, At)> {
    let every = if spec.every.is_empty() { Every::Week.as_str() } else { &spec.every };
    one_of("every", every, &Every::ALL.map(Every::as_str), walk);
    let every = Every::ALL.into_iter().find(|known| known.as_str() == every)?;
    if spec.at.is_empty() {
        return Some((every, every.default_at()));
    }
    let at = At::of(&spec.at, every).map_err(|error| walk.error("at", error));
    Some((every, at.ok()?))
}

fn addresses(to: &[String], walk: &mut Walk<'_>) {
    walk.within("to", |walk| {
        for (index, text) in to.iter().enumerate() {
            if let Err(error) = mail_address(text) {
                walk.at(index, |walk| walk.error_here(error));
            }
        }
    });
}
