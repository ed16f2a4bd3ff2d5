//! The results of queries as JSON.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::float;
use model::histogram::Histogram;
use model::sample::Value as SampleValue;
use query::{Series, Statistics, Value, VectorSample};

use crate::json::Json;

/// The answer to a query.
pub(crate) fn value(json: &mut Json<'_>, value: &Value) -> io::Result<()> {
    match value {
        Value::Scalar { timestamp_ms, value } => {
            json.raw("[");
            json.number(*timestamp_ms as f64 / 1000.0);
            // Unlike samples, scalars never have an exponent.
            json.raw(",\"");
            json.raw(&float::plain(*value));
            json.raw("\"]");
        }
        Value::String { timestamp_ms, value } => {
            json.raw("[");
            json.number(*timestamp_ms as f64 / 1000.0);
            json.raw(",");
            json.string(value);
            json.raw("]");
        }
        Value::Vector(samples) => return elements(json, samples, |json, sample| write_sample(json, sample)),
        Value::Matrix(series) => return elements(json, series, write_series),
    }
    json.check()
}

fn elements<'out, T>(
    json: &mut Json<'out>,
    items: &[T],
    mut each: impl FnMut(&mut Json<'out>, &T) -> io::Result<()>,
) -> io::Result<()> {
    json.raw("[");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            json.raw(",");
        }
        each(json, item)?;
    }
    json.raw("]");
    json.check()
}

fn write_sample(json: &mut Json<'_>, sample: &VectorSample) -> io::Result<()> {
    json.raw("{\"metric\":");
    json.labels(&sample.labels);
    match &sample.value {
        SampleValue::Float(value) => {
            json.raw(",\"value\":");
            json.point(sample.timestamp_ms, *value);
        }
        SampleValue::Histogram(value) => {
            json.raw(",\"histogram\":");
            histogram_point(json, sample.timestamp_ms, value);
        }
    }
    json.raw("}");
    json.check()
}

fn write_series(json: &mut Json<'_>, series: &Series) -> io::Result<()> {
    json.raw("{\"metric\":");
    json.labels(&series.labels);
    if !series.floats.is_empty() {
        json.raw(",\"values\":[");
        for (n, (timestamp_ms, value)) in series.floats.iter().enumerate() {
            if n > 0 {
                json.raw(",");
            }
            json.point(*timestamp_ms, *value);
            if n % 256 == 255 {
                json.check()?;
            }
        }
        json.raw("]");
    }
    if !series.histograms.is_empty() {
        json.raw(",\"histograms\":[");
        for (n, (timestamp_ms, value)) in series.histograms.iter().enumerate() {
            if n > 0 {
                json.raw(",");
            }
            histogram_point(json, *timestamp_ms, value);
            json.check()?;
        }
        json.raw("]");
    }
    json.raw("}");
    json.check()
}

fn histogram_point(json: &mut Json<'_>, timestamp_ms: i64, histogram: &Arc<Histogram>) {
    json.raw("[");
    json.timestamp(timestamp_ms);
    json.raw(",{\"count\":");
    json.value(histogram.count);
    json.raw(",\"sum\":");
    json.value(histogram.sum);
    json.raw("}]");
}

/// What a query cost. Keys and their order are Prometheus's.
pub(crate) fn statistics(json: &mut Json<'_>, stats: &Statistics, queued: Duration) {
    let timings = &stats.timings;
    let mut seconds = |key: &str, duration: Duration| {
        json.raw(key);
        json.number(duration.as_secs_f64());
    };
    seconds("{\"timings\":{\"evalTotalTime\":", timings.total);
    seconds(",\"resultSortTime\":", timings.sorting);
    seconds(",\"queryPreparationTime\":", timings.preparation);
    seconds(",\"innerEvalTime\":", timings.evaluation);
    seconds(",\"execQueueTime\":", queued);
    seconds(",\"execTotalTime\":", timings.total + queued);
    let mut count = |key: &str, number: u64| {
        json.raw(key);
        json.integer(i64::try_from(number).unwrap_or(i64::MAX));
    };
    count("},\"samples\":{\"totalQueryableSamples\":", stats.n_samples);
    count(",\"samplesRead\":", stats.n_samples_read);
    count(",\"peakSamples\":", stats.peak_samples);
    json.raw("}}");
}
