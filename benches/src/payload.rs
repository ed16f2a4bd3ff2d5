//! Load as a fleet of hosts makes it: 300 series a host, as remote-write requests or as exposition text.
//!
//! All of it is a function of the host, the series and the time, so two servers that are asked to take the same times
//! get the same bytes, and what they answer can be computed. The kinds of values, by series of a host: counters 90 (of
//! which a third stand still), gauges of whole pages 50, histograms 6 of 12 series, decimals of a hundredth 38, full
//! floats 20, constants 30.

use std::fmt::Write as _;
use std::ops::Range;

use model::{Labels, LabelsBuilder};

/// Series of one host.
pub const SERIES_PER_HOST: usize = 300;
/// Values change at multiples of this.
pub const STEP_MS: i64 = 15_000;

const BUCKETS: [&str; 10] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"];

/// How a series goes on.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Grows by about so many a step.
    Counter(u64),
    /// Multiples of 4096 around so many pages.
    Pages(u64),
    /// The n-th of the buckets of a histogram; the count is the last one.
    Bucket(usize),
    /// The sum of a histogram.
    Sum,
    /// Hundredths that grow by about so many a step.
    Hundredths(u64),
    /// Any double between 0 and 1.
    Float,
    /// Always the same.
    Constant(u64),
}

/// A series of every host.
#[derive(Debug)]
struct Template {
    name: String,
    /// The labels beside the name, `instance` and `job`.
    label: Option<(&'static str, String)>,
    kind: Kind,
}

/// The load of some hosts.
#[derive(Debug)]
pub struct Payload {
    seed: u64,
    templates: Vec<Template>,
}

impl Payload {
    /// The load that belongs to a seed.
    pub fn new(seed: u64) -> Payload {
        Payload { seed, templates: templates() }
    }

    /// A remote-write 1.0 request with the series of `hosts`, each with a sample at each of `times_ms`, in snappy.
    pub fn request(&self, hosts: Range<usize>, times_ms: &[i64]) -> Vec<u8> {
        let message = self.message(hosts, times_ms);
        let mut block = vec![0; snap::raw::max_compress_len(message.len())];
        let n_bytes = snap::raw::Encoder::new().compress(&message, &mut block).unwrap_or(0);
        block.truncate(n_bytes);
        block
    }

    /// The request before snappy: a `prometheus.WriteRequest`.
    pub fn message(&self, hosts: Range<usize>, times_ms: &[i64]) -> Vec<u8> {
        let mut message = Vec::with_capacity(hosts.len() * SERIES_PER_HOST * (150 + 20 * times_ms.len()));
        let mut series = Vec::new();
        for host in hosts {
            let instance = instance(host);
            for (number, template) in self.templates.iter().enumerate() {
                series.clear();
                template.push_labels(&instance, |name, value| push_label(&mut series, name, value));
                for &time_ms in times_ms {
                    push_sample(&mut series, self.value(host, number, time_ms), time_ms);
                }
                message.push(0x0a);
                push_varint(&mut message, series.len() as u64);
                message.extend_from_slice(&series);
            }
        }
        message
    }

    /// What a host exposes at a time, as text; the scraper adds `instance` and `job`.
    pub fn exposition(&self, host: usize, time_ms: i64) -> String {
        let mut text = String::with_capacity(64 * SERIES_PER_HOST);
        for (number, Template { name, label, .. }) in self.templates.iter().enumerate() {
            let value = self.value(host, number, time_ms);
            // Writing to a string does not fail.
            let _ = match label {
                Some((label, of)) => writeln!(text, "{name}{{{label}=\"{of}\"}} {value}"),
                None => writeln!(text, "{name} {value}"),
            };
        }
        text
    }

    /// The labels of a series of a host.
    pub fn labels(&self, host: usize, series: usize) -> Labels {
        let mut labels = LabelsBuilder::new();
        self.templates[series].push_labels(&instance(host), |name, value| {
            labels.set(name, value);
        });
        labels.build()
    }

    /// The value of a series at a time.
    pub fn value(&self, host: usize, series: usize, time_ms: i64) -> f64 {
        let step = time_ms.div_euclid(STEP_MS) as u64 % 1_000_000;
        let noise = mix(self.seed ^ (host as u64) << 40 ^ (series as u64) << 24 ^ step);
        let grown = |rate: u64| rate * step + noise % rate.max(1);
        match self.templates[series].kind {
            Kind::Counter(rate) => grown(rate) as f64,
            Kind::Pages(pages) => ((pages + noise % (pages / 8 + 1)) * 4096) as f64,
            Kind::Bucket(bucket) => (20 * (bucket as u64 + 1) * step) as f64,
            Kind::Sum => grown(1 << 20) as f64 / 1e6,
            Kind::Hundredths(rate) => grown(rate) as f64 / 100.0,
            Kind::Float => noise as f64 / u64::MAX as f64,
            Kind::Constant(constant) => constant as f64,
        }
    }
}

/// The `instance` of a host.
pub fn instance(host: usize) -> String {
    format!("host-{host:05}.example.org:9100")
}

impl Template {
    /// Hands out the labels, sorted by name.
    fn push_labels(&self, instance: &str, mut push: impl FnMut(&str, &str)) {
        push("__name__", &self.name);
        let first = self.label.as_ref().filter(|(name, _)| *name < "instance");
        let last = self.label.as_ref().filter(|(name, _)| *name > "job");
        first.into_iter().for_each(|(name, value)| push(name, value));
        push("instance", instance);
        push("job", "node");
        last.into_iter().for_each(|(name, value)| push(name, value));
    }
}

fn templates() -> Vec<Template> {
    let mut templates = Vec::with_capacity(SERIES_PER_HOST);
    let mut push = |name: String, label: Option<(&'static str, String)>, kind| {
        templates.push(Template { name, label, kind });
    };
    for n in 0..90u64 {
        let device = Some(("device", format!("eth{}", n % 6)));
        let rate = if n % 3 == 0 { 0 } else { 1 << (n % 20) };
        push(format!("node_network_transmit_{}_total", n / 6), device, Kind::Counter(rate));
    }
    for n in 0..50 {
        push(format!("node_memory_area_{n}_bytes"), None, Kind::Pages(1000 << (n % 12)));
    }
    for n in 0..6 {
        let name = format!("http_request_{n}_duration_seconds");
        for (bucket, le) in BUCKETS.iter().enumerate() {
            push(format!("{name}_bucket"), Some(("le", (*le).to_owned())), Kind::Bucket(bucket));
        }
        push(format!("{name}_sum"), None, Kind::Sum);
        push(format!("{name}_count"), None, Kind::Bucket(BUCKETS.len() - 1));
    }
    for n in 0..38u64 {
        let mode = Some(("mode", format!("mode{}", n % 8)));
        push(format!("node_cpu_{}_seconds_total", n / 8), mode, Kind::Hundredths(1 + 40 * n));
    }
    for n in 0..20 {
        push(format!("node_load_{n}"), None, Kind::Float);
    }
    for n in 0..30u64 {
        push(
            format!("node_filesystem_{n}_size_bytes"),
            Some(("mountpoint", format!("/srv/{n}"))),
            Kind::Constant(n << 30),
        );
    }
    templates
}

fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(0x0a);
    push_varint(out, varint_len(name.len()) + varint_len(value.len()) + (2 + name.len() + value.len()) as u64);
    for (tag, text) in [(0x0a, name), (0x12, value)] {
        out.push(tag);
        push_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
}

fn push_sample(out: &mut Vec<u8>, value: f64, time_ms: i64) {
    let mut sample = vec![0x09];
    sample.extend_from_slice(&value.to_le_bytes());
    sample.push(0x10);
    push_varint(&mut sample, time_ms as u64);
    out.push(0x12);
    push_varint(out, sample.len() as u64);
    out.extend_from_slice(&sample);
}

fn varint_len(n: usize) -> u64 {
    u64::from((usize::BITS - (n | 1).leading_zeros()).div_ceil(7))
}

fn push_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A number that looks as if it had nothing to do with `n` (the finalizer of SplitMix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_series_and_its_values_repeat() {
        let payload = Payload::new(7);
        assert_eq!(payload.templates.len(), SERIES_PER_HOST);
        assert_eq!(payload.request(0..3, &[15_000]), Payload::new(7).request(0..3, &[15_000]));
        assert_ne!(payload.request(0..3, &[15_000]), payload.request(0..3, &[30_000]));
        assert_eq!(payload.exposition(1, 15_000).lines().count(), SERIES_PER_HOST);
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        struct Found(Vec<String>);
        impl net::remote_write::RequestVisitor for Found {
            fn time_series(&mut self, series: &net::remote_write::TimeSeries<'_>) {
                assert_eq!(series.fault, None);
                self.0.push(format!("{:?} {:?}", series.labels, series.samples));
            }
        }
        let payload = Payload::new(7);
        let message = net::remote_write::decompress(&payload.request(4..6, &[15_000, 30_000]), 1 << 20).unwrap();
        let mut found = Found(Vec::new());
        net::remote_write::decode(&message, &net::remote_write::DecodeLimits::default(), &mut found).unwrap();
        assert_eq!(found.0.len(), 2 * SERIES_PER_HOST);
        let last = format!(
            "[(\"__name__\", \"node_filesystem_29_size_bytes\"), (\"instance\", \"{}\"), (\"job\", \"node\"), \
             (\"mountpoint\", \"/srv/29\")] [Sample {{ timestamp_ms: 15000, value: {value:?} }}, \
             Sample {{ timestamp_ms: 30000, value: {value:?} }}]",
            instance(5),
            value = (29u64 << 30) as f64
        );
        assert_eq!(found.0.last(), Some(&last));
    }
}
