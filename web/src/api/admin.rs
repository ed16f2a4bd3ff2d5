//! `/api/v1/admin/tsdb/…`: changes of what is stored; only where `--web.enable-admin-api` allows them, and never from a page
//! of another origin, whatever the browser sends along.

use std::sync::Arc;

use http::StatusCode;
use net::server::{Request, Response};
use tsdb::Store;

use super::{produce, respond};
use crate::lifecycle::is_same_origin;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::route::AdminAction;
use crate::state::Parts;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Shared, parts: &Parts, action: AdminAction, request: Request) -> Response {
    if !shared.settings.enable_admin {
        return respond(Err(ApiError::new(ErrorType::Unavailable, "admin APIs disabled")));
    }
    if !is_same_origin(shared, &request) {
        return Response::error(StatusCode::FORBIDDEN, "requests from pages of other origins are refused");
    }
    let store = Arc::clone(&parts.store);
    produce(request.accepted_encoding(), move || respond(act(&store, action))).await
}

fn act(store: &Store, action: AdminAction) -> ApiResult {
    match action {
        AdminAction::Seal => seal(store),
        AdminAction::DeleteSeries | AdminAction::CleanTombstones | AdminAction::Snapshot => {
            Err(ApiError::new(ErrorType::Unavailable, "not built yet"))
        }
    }
}

/// Everything in the head becomes blocks, and all blocks one: the fewest bytes, with which to copy or to measure them.
fn seal(store: &Store) -> ApiResult {
    let internal = |error: tsdb::block::BlockError| ApiError::new(ErrorType::Internal, error);
    let sealed = store.seal(i64::MAX).map_err(internal)?;
    let compacted = store.compact_all().map_err(internal)?;
    Reply::data(move |json| {
        json.raw("{\"blocks\":");
        json.integer(i64::try_from(sealed.n_blocks).unwrap_or(i64::MAX));
        json.raw(",\"samples\":");
        json.integer(i64::try_from(sealed.n_samples).unwrap_or(i64::MAX));
        json.raw(",\"compacted\":");
        json.integer(compacted.map_or(0, |stats| i64::try_from(stats.n_blocks).unwrap_or(i64::MAX)));
        json.raw("}");
    })
}
