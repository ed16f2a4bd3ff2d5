//! `/api/v1/status/…` and `/api/v1/features`: narthex about itself.

use std::collections::BTreeMap;

use http::StatusCode;
use net::server::Response;

use super::Asked;
use crate::json::Json;
use crate::limits;
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::{BuildInfo, Parts};
use crate::time::{NEVER, format_rfc3339};
use crate::web::Shared;

/// The most entries of each kind that `/status/tsdb` gives.
const MAX_TSDB_LIMIT: i64 = 10_000;

pub(super) fn config(asked: &Asked) -> ApiResult {
    let snapshot = asked.shared.snapshot.load_full();
    Reply::data(move |json| {
        json.raw("{\"yaml\":");
        json.string(&snapshot.yaml);
        json.raw("}");
    })
}

pub(super) fn flags(asked: &Asked) -> ApiResult {
    let shared = asked.shared.clone();
    Reply::data(move |json| {
        let flags = shared.settings.flags.iter().map(|(name, value)| (name.as_str(), Text(value)));
        write_object(json, flags);
    })
}

struct Text<'text>(&'text str);

impl WriteValue for Text<'_> {
    fn write(&self, json: &mut Json<'_>) {
        json.string(self.0);
    }
}

impl WriteValue for bool {
    fn write(&self, json: &mut Json<'_>) {
        json.boolean(*self);
    }
}

impl WriteValue for i64 {
    fn write(&self, json: &mut Json<'_>) {
        json.integer(*self);
    }
}

/// What can stand behind a key.
trait WriteValue {
    fn write(&self, json: &mut Json<'_>);
}

fn write_object<'key, V: WriteValue>(json: &mut Json<'_>, entries: impl IntoIterator<Item = (&'key str, V)>) {
    json.raw("{");
    for (n, (key, value)) in entries.into_iter().enumerate() {
        if n > 0 {
            json.raw(",");
        }
        json.key(key);
        value.write(json);
    }
    json.raw("}");
}

/// The fields of Prometheus, whose version clients go by, and behind them our own.
fn build_fields(build: &BuildInfo) -> [(&'static str, Text<'_>); 8] {
    [
        ("version", Text(&build.prometheus_version)),
        ("revision", Text(&build.revision)),
        ("branch", Text(&build.branch)),
        ("buildUser", Text(&build.build_user)),
        ("buildDate", Text(&build.build_date)),
        ("goVersion", Text(&build.compiler)),
        ("application", Text("narthex")),
        ("applicationVersion", Text(&build.version)),
    ]
}

pub(super) fn build_info(asked: &Asked) -> ApiResult {
    let shared = asked.shared.clone();
    Reply::data(move |json| write_object(json, build_fields(&shared.settings.build)))
}

/// `/version`, which has no envelope.
pub(crate) fn version(shared: &Shared) -> Response {
    let mut body = Vec::new();
    let mut json = Json::new(&mut body);
    write_object(&mut json, build_fields(&shared.settings.build));
    json.raw("\n");
    json.finish().expect("writing into memory cannot fail");
    Response::with_body(StatusCode::OK, "text/plain; charset=utf-8", body)
}

pub(super) fn runtime_info(parts: &Parts, asked: &Asked) -> ApiResult {
    let shared = asked.shared.clone();
    let snapshot = shared.snapshot.load_full();
    let n_corruptions = i64::try_from(parts.storage.n_corruptions()).unwrap_or(i64::MAX);
    let n_tasks = tokio::runtime::Handle::try_current().map_or(0, |handle| handle.metrics().num_alive_tasks());
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Reply::data(move |json| {
        let settings = &shared.settings;
        let loaded = if snapshot.loaded_ms == 0 { NEVER.to_owned() } else { format_rfc3339(snapshot.loaded_ms) };
        let authentication = if settings.access.is_open() { "none" } else { "basic" };
        let mut object = Object::new(json);
        object.field("startTime", &Text(&format_rfc3339(settings.start_ms)));
        object.field("CWD", &Text(&settings.working_directory));
        object.field("hostname", &Text(&settings.hostname));
        object.field("serverTime", &Text(&format_rfc3339(settings.clock.now_ms())));
        object.field("reloadConfigSuccess", &snapshot.error.is_none());
        object.field("lastConfigTime", &Text(&loaded));
        object.field("corruptionCount", &n_corruptions);
        // Go's names for tasks, threads and a limit of memory that is not there.
        object.field("goroutineCount", &(n_tasks as i64));
        object.field("GOMAXPROCS", &(n_threads as i64));
        object.field("GOMEMLIMIT", &i64::MAX);
        object.field("GOGC", &Text(""));
        object.field("GODEBUG", &Text(""));
        object.field("storageRetention", &Text(&snapshot.retention));
        object.field("authentication", &Text(authentication));
        object.field("reloadConfigError", &Text(snapshot.error.as_deref().unwrap_or_default()));
        object.finish();
    })
}

/// An object whose fields are of different kinds.
struct Object<'json, 'out> {
    json: &'json mut Json<'out>,
    is_empty: bool,
}

impl<'json, 'out> Object<'json, 'out> {
    fn new(json: &'json mut Json<'out>) -> Object<'json, 'out> {
        json.raw("{");
        Object { json, is_empty: true }
    }

    fn field(&mut self, key: &str, value: &dyn WriteValue) {
        if !self.is_empty {
            self.json.raw(",");
        }
        self.is_empty = false;
        self.json.key(key);
        value.write(self.json);
    }

    fn finish(self) {
        self.json.raw("}");
    }
}

pub(super) fn tsdb(parts: &Parts, asked: &Asked) -> ApiResult {
    let limit = match asked.form.get("limit") {
        "" => 10,
        text => params::integer(text)
            .ok()
            .filter(|limit| *limit >= 1)
            .ok_or_else(|| ApiError::bad_data("limit must be a positive number"))?,
    };
    if limit > MAX_TSDB_LIMIT {
        return Err(ApiError::bad_data(format_args!("limit must not exceed {MAX_TSDB_LIMIT}")));
    }
    let head = parts.storage.head();
    let cardinality = parts.storage.cardinality(limit as usize);
    Reply::data(move |json| {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        json.raw("{\"headStats\":");
        let mut object = Object::new(json);
        object.field("numSeries", &count(head.n_series));
        object.field("numLabelPairs", &count(head.n_label_pairs));
        object.field("chunkCount", &count(head.n_chunks));
        // Of an empty head the least time lies above the greatest, as in Prometheus.
        object.field("minTime", &head.min_time_ms.unwrap_or(i64::MAX));
        object.field("maxTime", &head.max_time_ms.unwrap_or(i64::MIN));
        object.finish();
        for (key, top) in [
            ("seriesCountByMetricName", &cardinality.series_by_metric),
            ("labelValueCountByLabelName", &cardinality.values_by_label),
            ("memoryInBytesByLabelName", &cardinality.bytes_by_label),
            ("seriesCountByLabelValuePair", &cardinality.series_by_pair),
        ] {
            json.raw(",");
            json.key(key);
            json.list(top, |json, (name, number)| {
                json.raw("{\"name\":");
                json.string(name);
                json.raw(",\"value\":");
                json.integer(count(*number));
                json.raw("}");
            });
        }
        json.raw("}");
    })
}

/// How far the log has been read, in mebibytes: narthex has no segments to count that would say how long it takes.
pub(super) fn wal_replay(asked: &Asked) -> ApiResult {
    let progress = asked.shared.host.replay_progress();
    let is_done = progress.done_bytes >= progress.total_bytes;
    let (done, total) = (progress.done_bytes >> 20, progress.total_bytes.div_ceil(1 << 20));
    Reply::data(move |json| {
        let (max, current) = if is_done { (0, 0) } else { (total, done) };
        write_object(json, [("min", 0), ("max", max as i64), ("current", current as i64)]);
    })
}

pub(super) fn limits(asked: &Asked) -> ApiResult {
    let all = limits::all(&asked.shared);
    Reply::data(move |json| {
        json.list(&all, |json, limit| {
            let optional = |json: &mut Json<'_>, key: &str, value: Option<f64>| {
                json.raw(",");
                json.key(key);
                match value {
                    Some(value) => json.number(value),
                    None => json.raw("null"),
                }
            };
            json.raw("{\"name\":");
            json.string(limit.name);
            optional(json, "value", limit.value);
            optional(json, "default", limit.default);
            optional(json, "use", limit.used);
            for (key, text) in [("unit", limit.unit), ("setting", limit.setting)] {
                json.raw(",");
                json.key(key);
                json.string(text);
            }
            json.raw("}");
        });
    })
}

/// What the API itself can do.
const API_FEATURES: [(&str, bool); 10] = [
    ("exclude_alerts", true),
    ("label_values_match", true),
    ("openapi_3.1", false),
    ("openapi_3.2", false),
    ("otlp_write_receiver", false),
    ("query_stats", true),
    ("query_warnings", true),
    ("search", false),
    ("time_range_labels", true),
    ("time_range_series", true),
];

pub(super) fn features(asked: &Asked) -> ApiResult {
    let settings = &asked.shared.settings;
    let mut features = settings.features.clone();
    let api: &mut BTreeMap<String, bool> = features.entry("api".to_owned()).or_default();
    api.extend(API_FEATURES.map(|(name, is_on)| (name.to_owned(), is_on)));
    api.insert("admin".to_owned(), settings.enable_admin);
    api.insert("lifecycle".to_owned(), settings.enable_lifecycle);
    api.insert("remote_write_receiver".to_owned(), settings.enable_remote_write);
    Reply::data(move |json| {
        json.raw("{");
        for (n, (category, names)) in features.iter().enumerate() {
            if n > 0 {
                json.raw(",");
            }
            // Names of operators stay readable here, as in Prometheus: `>=`.
            json.raw(&serde_json::Value::from(category.as_str()).to_string());
            json.raw(":");
            json.raw(&serde_json::to_string(names).unwrap_or_default());
        }
        json.raw("}");
    })
}
