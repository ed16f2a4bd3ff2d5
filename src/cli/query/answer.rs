//! An answer of the query API.

use model::Labels;
use serde_json::Value;

/// One sample: seconds since the Unix epoch, and the value as the server writes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) time: f64,
    pub(super) text: String,
}

impl Point {
    /// The value as a number, where it is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self.text.as_str() {
            "+Inf" => Some(f64::INFINITY),
            "-Inf" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        }
    }
}

/// A series and its samples.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) points: Vec<Point>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// A scalar or a string.
    Single(Point),
    /// Series with one sample each.
    Vector(Vec<Series>),
    /// Series with samples.
    Matrix(Vec<Series>),
}

impl Answer {
    /// Reads the `data` of a response.
    pub(super) fn from_json(data: &Value) -> Option<Answer> {
        let result = &data["result"];
        match data["resultType"].as_str()? {
            "scalar" | "string" => Some(Answer::Single(point(result)?)),
            "vector" => Some(Answer::Vector(series(result, "value")?)),
            "matrix" => Some(Answer::Matrix(series(result, "values")?)),
            _ => None,
        }
    }

    /// The series, where the answer has any.
    pub(super) fn series(&self) -> &[Series] {
        match self {
            Answer::Single(_) => &[],
            Answer::Vector(series) | Answer::Matrix(series) => series,
        }
    }
}

fn series(result: &Value, key: &str) -> Option<Vec<Series>> {
    result.as_array()?.iter().map(|entry| one_series(entry, key)).collect()
}

fn one_series(entry: &Value, key: &str) -> Option<Series> {
    let labels = entry["metric"].as_object()?.iter().map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let labels = labels.collect::<Option<Vec<_>>>()?.into_iter().collect();
    let histogram_key = if key == "value" { "histogram" } else { "histograms" };
    let points = [key, histogram_key].into_iter().flat_map(|key| match &entry[key] {
        Value::Array(points) if key.ends_with('s') => points.iter().filter_map(point).collect(),
        single => point(single).into_iter().collect::<Vec<_>>(),
    });
    Some(Series { labels, points: points.collect() })
}

fn point(pair: &Value) -> Option<Point> {
    let [time, value] = pair.as_array()?.as_slice() else { return None };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(Point { time: time.as_f64()?, text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_answer_is_read() {
        let check = |data: Value, n_series: usize, last: &str| {
            let answer = Answer::from_json(&data).unwrap();
            let points = match &answer {
                Answer::Single(point) => vec![point.clone()],
                _ => answer.series().iter().flat_map(|series| series.points.clone()).collect(),
            };
            assert_eq!((answer.series().len(), points.last().map(|point| &*point.text)), (n_series, Some(last)));
        };
        check(json!({"resultType": "scalar", "result": [1.5, "2"]}), 0, "2");
        check(json!({"resultType": "string", "result": [1.5, "a"]}), 0, "a");
        let metric = json!({"__name__": "up"});
        check(json!({"resultType": "vector", "result": [{"metric": metric, "value": [1, "+Inf"]}]}), 1, "+Inf");
        let values = json!([[1, "1"], [2, "NaN"]]);
        check(json!({"resultType": "matrix", "result": [{"metric": metric, "values": values}]}), 1, "NaN");
        assert_eq!(Answer::from_json(&json!({"resultType": "table", "result": []})), None);
    }
}
