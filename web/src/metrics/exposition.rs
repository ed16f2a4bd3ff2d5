//! Writing an exposition: families of samples, in the Prometheus text format 0.0.4 or in OpenMetrics 1.0.

use std::borrow::Cow;

use model::{float, name};

/// A format of exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        }
    }
}

/// What becomes of names that are not of the classic kind, letters, digits and underscores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Every other character becomes an underscore.
    #[default]
    Underscores,
    /// They stand in quotes, for clients that say `escaping=allow-utf-8`.
    Utf8,
}

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up; its name is given without `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
    /// Nothing is known of it.
    Unknown,
}

/// An exposition in the making.
#[derive(Debug)]
pub struct Exposition {
    format: Format,
    names: Names,
    text: String,
    family: String,
    kind: Kind,
}

impl Exposition {
    /// An empty one.
    pub fn new(format: Format) -> Exposition {
        Exposition::with_names(format, Names::default())
    }

    /// An empty one, for families that may have any names.
    pub fn with_names(format: Format, names: Names) -> Exposition {
        Exposition { format, names, text: String::new(), family: String::new(), kind: Kind::Unknown }
    }

    /// Begins a family. All samples that follow belong to it.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        self.kind = kind;
        name.clone_into(&mut self.family);
        let shown = match (self.format, kind) {
            (Format::Text, Kind::Counter) => format!("{name}_total"),
            _ => name.to_owned(),
        };
        let shown = self.shown_metric(&shown);
        let kind = match (kind, self.format) {
            (Kind::Counter, _) => "counter",
            (Kind::Gauge, _) => "gauge",
            (Kind::Histogram, _) => "histogram",
            (Kind::Unknown, Format::Text) => "untyped",
            (Kind::Unknown, Format::OpenMetrics) => "unknown",
        };
        if !help.is_empty() {
            self.text.push_str(&format!("# HELP {shown} "));
            push_escaped(&mut self.text, help, self.format == Format::OpenMetrics);
            self.text.push('\n');
        }
        self.text.push_str(&format!("# TYPE {shown} {kind}\n"));
    }

    /// A sample of a counter, a gauge or an unknown family.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let suffix = if self.kind == Kind::Counter { "_total" } else { "" };
        self.line(suffix, labels, None, value, None);
    }

    /// A sample with a time of its own.
    pub fn sample_at(&mut self, labels: &[(&str, &str)], value: f64, timestamp_ms: i64) {
        self.line("", labels, None, value, Some(timestamp_ms));
    }

    /// The samples of one histogram: upper bounds, the last +Inf, with how many observations are at or below each.
    pub fn histogram(&mut self, labels: &[(&str, &str)], buckets: &[(f64, u64)], sum: f64) {
        for (bound, count) in buckets {
            self.line("_bucket", labels, Some(*bound), *count as f64, None);
        }
        self.line("_sum", labels, None, sum, None);
        self.line("_count", labels, None, buckets.last().map_or(0, |(_, count)| *count) as f64, None);
    }

    /// A family with one sample.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        bound: Option<f64>,
        value: f64,
        timestamp_ms: Option<i64>,
    ) {
        let bound = bound.map(|bound| self.bound_text(bound));
        let labels = labels.iter().copied().chain(bound.as_deref().map(|bound| ("le", bound)));
        let metric = format!("{}{suffix}", self.family);
        let metric = self.shown_metric(&metric);
        // A name in quotes stands among the labels.
        let mut open = metric.starts_with('"');
        let mut line = if open { format!("{{{metric}") } else { metric.into_owned() };
        for (name, label) in labels {
            line.push(if open { ',' } else { '{' });
            open = true;
            line.push_str(&shown(name, name::is_legacy_label_name(name), self.names));
            line.push_str("=\"");
            push_escaped(&mut line, label, true);
            line.push('"');
        }
        if open {
            line.push('}');
        }
        let text = &mut self.text;
        text.push_str(&line);
        text.push(' ');
        float::push_general(text, value);
        match (timestamp_ms, self.format) {
            (None, _) => {}
            (Some(ms), Format::Text) => text.push_str(&format!(" {ms}")),
            (Some(ms), Format::OpenMetrics) => text.push_str(&format!(" {}", ms as f64 / 1000.0)),
        }
        text.push('\n');
    }

    fn shown_metric<'name>(&self, metric: &'name str) -> Cow<'name, str> {
        shown(metric, name::is_legacy_metric_name(metric), self.names)
    }

    /// In OpenMetrics bounds are always floats: `1.0`.
    fn bound_text(&self, bound: f64) -> String {
        let text = float::general(bound);
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if self.format == Format::OpenMetrics && is_whole { format!("{text}.0") } else { text }
    }

    /// The text.
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// A name as it is written.
fn shown(name: &str, is_legacy: bool, names: Names) -> Cow<'_, str> {
    match names {
        _ if is_legacy => Cow::Borrowed(name),
        Names::Underscores => Cow::Owned(underscored(name)),
        Names::Utf8 => {
            let mut quoted = String::from('"');
            push_escaped(&mut quoted, name, true);
            quoted.push('"');
            Cow::Owned(quoted)
        }
    }
}

/// A name with an underscore for every character that classic names do not have.
fn underscored(name: &str) -> String {
    let is_fine =
        |at: usize, c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || (at > 0 && c.is_ascii_digit());
    name.char_indices().map(|(at, c)| if is_fine(at, c) { c } else { '_' }).collect()
}

fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(format: Format) -> String {
        let mut exposition = Exposition::new(format);
        exposition.family("requests", Kind::Counter, "All \"requests\".\nSo far\\.");
        exposition.sample(&[("code", "200"), ("path", "a\"b\\\n")], 3.0);
        exposition.single("heat", Kind::Gauge, "", 1e21);
        exposition.family("seconds", Kind::Histogram, "How long.");
        exposition.histogram(&[("h", "x")], &[(0.5, 1), (1.0, 2), (f64::INFINITY, 3)], 2.5);
        exposition.family("foreign", Kind::Unknown, "");
        exposition.sample_at(&[], f64::NAN, 1500);
        exposition.finish()
    }

    #[test]
    fn names_of_other_kinds() {
        let check = |names: Names, want: &str| {
            let mut exposition = Exposition::with_names(Format::Text, names);
            exposition.single("a.b", Kind::Unknown, "", 1.0);
            exposition.sample(&[("l", "x"), ("é\"", "y")], 2.0);
            exposition.single("1\n", Kind::Unknown, "", 3.0);
            assert_eq!(exposition.finish(), want);
        };
        check(Names::Underscores, "# TYPE a_b untyped\na_b 1\na_b{l=\"x\",__=\"y\"} 2\n# TYPE __ untyped\n__ 3\n");
        check(
            Names::Utf8,
            "# TYPE \"a.b\" untyped\n{\"a.b\"} 1\n{\"a.b\",l=\"x\",\"é\\\"\"=\"y\"} 2\n\
             # TYPE \"1\\n\" untyped\n{\"1\\n\"} 3\n",
        );
    }

    #[test]
    fn both_formats() {
        let text = r#"# HELP requests_total All "requests".\nSo far\\.
# TYPE requests_total counter
requests_total{code="200",path="a\"b\\\n"} 3
# TYPE heat gauge
heat 1e+21
# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{h="x",le="0.5"} 1
seconds_bucket{h="x",le="1"} 2
seconds_bucket{h="x",le="+Inf"} 3
seconds_sum{h="x"} 2.5
seconds_count{h="x"} 3
# TYPE foreign untyped
foreign NaN 1500
"#;
        assert_eq!(sample(Format::Text), text);
        let open_metrics = text
            .replace("# HELP requests_total All \"requests\"", "# HELP requests All \\\"requests\\\"")
            .replace("# TYPE requests_total", "# TYPE requests")
            .replace("le=\"1\"", "le=\"1.0\"")
            .replace("untyped", "unknown")
            .replace("NaN 1500", "NaN 1.5");
        assert_eq!(sample(Format::OpenMetrics), format!("{open_metrics}# EOF\n"));
    }
}
