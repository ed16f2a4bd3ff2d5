//! `/api/v1/alertmanagers`: who alerts are sent to.

use crate::json::Json;
use crate::reply::{ApiResult, Reply};
use crate::state::Parts;

pub(super) fn alertmanagers(parts: &Parts) -> ApiResult {
    let found = parts.alertmanagers.found();
    Reply::data(move |json| {
        json.raw("{\"activeAlertmanagers\":");
        json.list(&found.active, |json, url| write(json, url));
        json.raw(",\"droppedAlertmanagers\":");
        json.list(&found.dropped, |json, url| write(json, url));
        json.raw("}");
    })
}

fn write(json: &mut Json<'_>, url: &str) {
    json.raw("{\"url\":");
    json.string(url);
    json.raw("}");
}
