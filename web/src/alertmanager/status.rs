//! `/api/v2/status`

use alerting::dispatch::Notifications;

use super::{Answer, write, written};
use crate::web::Shared;

/// The version of Alertmanager whose API this is: what clients go by.
const VERSION: &str = "0.34.0";

/// Who we are and what our configuration is. Of that, only what Alertmanager knows: amtool reads it again.
pub(super) fn get(shared: &Shared, notifications: &Notifications) -> Answer {
    let config = notifications.loaded().config.for_alertmanager().to_yaml();
    let build = &shared.settings.build;
    Ok(Some(written(|json| {
        json.raw("{\"cluster\":{\"peers\":[],\"status\":\"disabled\"},\"config\":{\"original\":");
        json.string(&config);
        json.raw("},");
        write::time(json, "uptime", shared.settings.start_ms);
        json.raw(",\"versionInfo\":");
        let fields = [
            ("branch", build.branch.as_str()),
            ("buildDate", &build.build_date),
            ("buildUser", &build.build_user),
            ("goVersion", &build.compiler),
            ("revision", &build.revision),
            ("version", VERSION),
        ];
        write::pairs(json, fields.into_iter());
        json.raw("}");
    })))
}
