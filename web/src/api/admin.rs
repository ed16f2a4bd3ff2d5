//! `/api/v1/admin/tsdb/…`: changes of what is stored; only where `--web.enable-admin-api` allows them.
//!
//! `delete_series`, `clean_tombstones` and `snapshot` are Prometheus's, with its texts. `deletions` lists what is deleted and
//! can be brought back, and `undelete` does that, for a day. `seal` makes blocks of the head.

use std::sync::Arc;

use model::Matcher;
use net::form::Form;
use net::server::{Request, Response};
use tsdb::{DeleteError, Deletion, Store, UndeleteError, Undo};

use super::storage::{count, integers, time};
use super::{form_of, produce, respond, strict};
use crate::json::Json;
use crate::params::{self, MAX_TIME_MS, MIN_TIME_MS, optional_time};
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::route::AdminAction;
use crate::state::Parts;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Shared, parts: &Parts, action: AdminAction, mut request: Request) -> Response {
    if !shared.settings.enable_admin {
        return respond(Err(ApiError::new(ErrorType::Unavailable, "admin APIs disabled")));
    }
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let (store, now_ms) = (Arc::clone(&parts.store), shared.settings.clock.now_ms());
    produce(request.accepted_encoding(), move || respond(act(&store, action, &form, now_ms))).await
}

fn act(store: &Store, action: AdminAction, form: &Form, now_ms: i64) -> ApiResult {
    match action {
        AdminAction::Seal => seal(store),
        AdminAction::DeleteSeries => delete_series(store, form),
        AdminAction::CleanTombstones => clean_tombstones(store),
        AdminAction::Deletions => listed(store.deletions(), now_ms),
        AdminAction::Undelete => undelete(store, form, now_ms),
        AdminAction::Snapshot => snapshot(store, form),
    }
}

fn internal(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorType::Internal, error)
}

/// Everything in the head becomes blocks, and all blocks one: the fewest bytes, with which to copy or to measure them.
fn seal(store: &Store) -> ApiResult {
    let sealed = store.seal(i64::MAX).map_err(internal)?;
    let compacted = store.compact_all().map_err(internal)?;
    Reply::data(move |json| {
        json.raw("{");
        let n_compacted = compacted.map_or(0, |stats| stats.n_blocks);
        let counts = [("blocks", sealed.n_blocks), ("samples", sealed.n_samples), ("compacted", n_compacted)];
        integers(json, "", &counts.map(|(key, n)| (key, count(n))));
        json.raw("}");
    })
}

/// `match[]` as it stands there: one that matches everything is meant, too.
fn selectors(form: &Form) -> Result<Vec<Vec<Matcher>>, ApiError> {
    strict(form)?;
    if form.all("match[]").next().is_none() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    params::any_selectors(form).map_err(|error| ApiError::parameter("match[]", error))
}

fn delete_series(store: &Store, form: &Form) -> ApiResult {
    let (start_ms, end_ms) = match selectors(form) {
        // As in Prometheus, what is wrong with the times comes first.
        Err(error) if form.all("match[]").next().is_none() || form.error().is_some() => return Err(error),
        _ => (optional_time(form, "start", MIN_TIME_MS)?, optional_time(form, "end", MAX_TIME_MS)?),
    };
    match store.delete_series(&selectors(form)?, start_ms, end_ms) {
        Ok(_) => Ok(Reply::Empty),
        Err(error @ DeleteError::TooMany) => Err(ApiError::new(ErrorType::Execution, error)),
        Err(error) => Err(internal(error)),
    }
}

fn clean_tombstones(store: &Store) -> ApiResult {
    store.clean_tombstones().map_err(internal)?;
    Ok(Reply::Empty)
}

/// By the number of a deletion, or by what it was asked with.
fn undelete(store: &Store, form: &Form, now_ms: i64) -> ApiResult {
    let which = match form.get("id") {
        "" if form.all("match[]").next().is_none() => {
            return Err(ApiError::bad_data("no id or match[] parameter provided"));
        }
        "" => {
            let given = |name| match form.get(name) {
                "" => Ok(None),
                _ => optional_time(form, name, 0).map(Some),
            };
            Undo::Like { selectors: selectors(form)?, start_ms: given("start")?, end_ms: given("end")? }
        }
        text => {
            let id = params::integer(text).map_err(|error| ApiError::parameter("id", error))?;
            Undo::Id(u64::try_from(id).map_err(|_| ApiError::parameter("id", "it must not be negative"))?)
        }
    };
    match store.undelete(&which) {
        Ok(undone) => listed(undone, now_ms),
        Err(error @ UndeleteError::Unknown) => Err(ApiError::new(ErrorType::NotFound, error)),
        Err(error @ UndeleteError::TooLate { .. }) => Err(ApiError::bad_data(error)),
        Err(error) => Err(internal(error)),
    }
}

fn snapshot(store: &Store, form: &Form) -> ApiResult {
    let skip_head = match form.get("skip_head") {
        "" => false,
        text => params::boolean(text)
            .map_err(|error| ApiError::parameter("skip_head", format_args!("unable to parse boolean: {error}")))?,
    };
    let name = store.snapshot(!skip_head).map_err(internal)?;
    Reply::data(move |json| {
        json.raw("{\"name\":");
        json.string(&name);
        json.raw("}");
    })
}

fn listed(deletions: Vec<Deletion>, now_ms: i64) -> ApiResult {
    Reply::data(move |json| json.list(&deletions, |json, deletion| write_deletion(json, deletion, now_ms)))
}

fn write_deletion(json: &mut Json<'_>, deletion: &Deletion, now_ms: i64) {
    json.raw("{");
    let counts = [("id", deletion.id), ("series", deletion.n_series), ("samples", deletion.n_samples)];
    integers(json, "", &counts.map(|(key, n)| (key, count(n))));
    json.raw(",\"match\":");
    let texts: Vec<String> = deletion.selectors.iter().map(|matchers| text_of(matchers)).collect();
    json.strings(texts.iter().map(String::as_str));
    // Without a time it is all time.
    time(json, "start", Some(deletion.start_ms).filter(|&start_ms| start_ms > MIN_TIME_MS));
    time(json, "end", Some(deletion.end_ms).filter(|&end_ms| end_ms < MAX_TIME_MS));
    time(json, "deleted_at", Some(deletion.at_ms));
    time(json, "undoable_until", deletion.undoable_until_ms(now_ms));
    json.raw(",\"blocks\":");
    let blocks: Vec<String> = deletion.blocks.iter().map(ToString::to_string).collect();
    json.strings(blocks.iter().map(String::as_str));
    json.raw("}");
}

/// A selector as PromQL writes it.
fn text_of(matchers: &[Matcher]) -> String {
    let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    format!("{{{}}}", matchers.join(","))
}
