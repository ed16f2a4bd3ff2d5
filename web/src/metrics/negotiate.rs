//! Which format a client would rather have.

use http::HeaderMap;
use http::header::ACCEPT;

use super::{Format, Names};

/// OpenMetrics where the `Accept` header weighs it more than the text format.
pub(crate) fn negotiated(headers: &HeaderMap) -> Format {
    let (mut open_metrics, mut text) = (0.0f32, 0.0f32);
    for value in headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()) {
        for item in value.split(',') {
            let (media_type, version, weight) = parts(item);
            match media_type {
                "application/openmetrics-text" if matches!(version, "" | "1.0.0" | "0.0.1") => {
                    open_metrics = open_metrics.max(weight);
                }
                "text/plain" if matches!(version, "" | "0.0.4") => text = text.max(weight),
                "*/*" | "text/*" => text = text.max(weight),
                _ => {}
            }
        }
    }
    if open_metrics > text { Format::OpenMetrics } else { Format::Text }
}

/// Quoted names where the `Accept` header says that they are understood.
pub(crate) fn negotiated_names(headers: &HeaderMap) -> Names {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut parameters = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
    if parameters.any(|parameter| parameter == "escaping=allow-utf-8") { Names::Utf8 } else { Names::Underscores }
}

/// Media type, version and weight of one item.
fn parts(item: &str) -> (&str, &str, f32) {
    let mut parts = item.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let (mut version, mut weight) = ("", 1.0);
    for part in parts {
        if let Some(text) = part.strip_prefix("version=") {
            version = text.trim_matches('"');
        } else if let Some(text) = part.strip_prefix("q=") {
            weight = text.parse().unwrap_or(0.0);
        }
    }
    (media_type, version, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_what() {
        let check = |accept: &str, want: Format| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(negotiated(&headers), want, "{accept}");
        };
        check("", Format::Text);
        check("*/*", Format::Text);
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Text);
        check("application/openmetrics-text", Format::OpenMetrics);
        check("application/openmetrics-text;version=2.0.0", Format::Text);
        check("application/openmetrics-text; version=1.0.0;q=0.1, text/plain;version=0.0.4", Format::Text);
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                          application/openmetrics-text;version=0.0.1;q=0.5,\
                          text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        check(prometheus, Format::OpenMetrics);
    }

    #[test]
    fn who_gets_quoted_names() {
        let check = |accept: &str, want: Names| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(negotiated_names(&headers), want, "{accept}");
        };
        check("", Names::Underscores);
        check("text/plain;version=0.0.4", Names::Underscores);
        check("text/plain;version=1.0.0;escaping=underscores", Names::Underscores);
        check("text/plain;version=1.0.0; escaping=allow-utf-8;q=0.4,text/plain", Names::Utf8);
    }
}
