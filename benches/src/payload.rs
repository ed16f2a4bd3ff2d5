//! Load as a fleet of hosts makes it: 300 series a host, as remote-write requests or as exposition text.
//!
//! All of it follows from a seed, so two servers that are asked to take the same steps get the same bytes, and what they answer
//! can be compared with what was sent. The values are held in memory, 8 bytes each.
//!
//! | series of a host | |
//! |---|---|
//! | 90 | counters of bytes and packets: 15 never move, 15 seldom |
//! | 50 | memory in whole pages |
//! | 72 | six histograms of ten buckets, sum and count |
//! | 38 | decimals: 16 processor times and 22 gauges of one to three places |
//! | 20 | moving averages: full doubles |
//! | 30 | constants |

use std::fmt::Write as _;
use std::ops::Range;

use model::rng::SeededRng;
use model::{Labels, LabelsBuilder, Rng};

use crate::walk::{BOUNDS, Kind, MODES};

/// Series of one host.
pub const SERIES_PER_HOST: usize = 300;
/// How often a host is scraped, where nothing else is said.
pub const STEP_MS: i64 = 15_000;
/// A scrape is up to so much late.
const MAX_JITTER_MS: u64 = 3;

/// When hosts are scraped: each at its own moment within a step, and up to 3 ms late.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Where the first step begins, in milliseconds since the Unix epoch.
    pub first_ms: i64,
    /// How long a step is.
    pub step_ms: i64,
    /// How many there are.
    pub n_steps: usize,
}

impl Grid {
    /// So many steps of 15 seconds that are over at a time.
    pub fn until(end_ms: i64, n_steps: usize) -> Grid {
        Grid { first_ms: (end_ms / STEP_MS - n_steps as i64) * STEP_MS, step_ms: STEP_MS, n_steps }
    }
}

/// A series of every host.
#[derive(Debug)]
struct Template {
    name: String,
    /// The labels beside the name, `instance` and `job`.
    label: Option<(&'static str, String)>,
}

/// The load of some hosts.
#[derive(Debug)]
pub struct Payload {
    grid: Grid,
    templates: Vec<Template>,
    hosts: Vec<Host>,
}

/// What a host says.
#[derive(Debug)]
struct Host {
    times_ms: Vec<i64>,
    /// Series by series, each with a value for each step.
    columns: Vec<Vec<f64>>,
}

impl Host {
    fn new(seed: u64, number: usize, grid: Grid, families: &[Family]) -> Host {
        let mut rng = SeededRng::new(seed ^ (number as u64) << 32);
        // What the generator gives first is close for close seeds; not so what a generator gives that begins with it.
        let mut rng = SeededRng::new(rng.next_u64());
        let offset_ms = rng.below((grid.step_ms as u64).saturating_sub(MAX_JITTER_MS)) as i64;
        let at = |step: usize, rng: &mut SeededRng| {
            grid.first_ms + step as i64 * grid.step_ms + offset_ms + rng.below(MAX_JITTER_MS + 1) as i64
        };
        let times_ms = (0..grid.n_steps).map(|step| at(step, &mut rng)).collect();
        let columns = families.iter().flat_map(|family| family.kind.walk(&mut rng, grid.n_steps)).collect();
        Host { times_ms, columns }
    }
}

impl Payload {
    /// The load that belongs to a seed.
    pub fn new(seed: u64, n_hosts: usize, grid: Grid) -> Payload {
        let families = families(grid.step_ms);
        let hosts = (0..n_hosts).map(|number| Host::new(seed, number, grid, &families)).collect();
        let templates = families.into_iter().flat_map(|family| family.templates).collect();
        Payload { grid, templates, hosts }
    }

    /// How many hosts there are.
    pub fn n_hosts(&self) -> usize {
        self.hosts.len()
    }

    /// When they are scraped.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// When a host is scraped: a time for each step, in milliseconds.
    pub fn times(&self, host: usize) -> &[i64] {
        &self.hosts[host].times_ms
    }

    /// The values of a series of a host, one for each step.
    pub fn values(&self, host: usize, series: usize) -> &[f64] {
        &self.hosts[host].columns[series]
    }

    /// A remote-write 1.0 request with the series of `hosts`, each with a sample at each of `steps`, in snappy.
    pub fn request(&self, hosts: Range<usize>, steps: Range<usize>) -> Vec<u8> {
        compressed(&self.message(hosts, steps))
    }

    /// The request before snappy: a `prometheus.WriteRequest`.
    pub fn message(&self, hosts: Range<usize>, steps: Range<usize>) -> Vec<u8> {
        let mut message = Vec::with_capacity(hosts.len() * SERIES_PER_HOST * (150 + 20 * steps.len()));
        let mut series = Vec::new();
        for number in hosts {
            let instance = instance(number);
            let host = &self.hosts[number];
            for (template, column) in self.templates.iter().zip(&host.columns) {
                series.clear();
                template.push_labels(&instance, |name, value| push_label(&mut series, name, value));
                for step in steps.clone() {
                    push_sample(&mut series, column[step], host.times_ms[step]);
                }
                push_series(&mut message, &series);
            }
        }
        message
    }

    /// What a host exposes at a step, as text with help and types; the scraper adds `instance` and `job`.
    pub fn exposition(&self, host: usize, step: usize) -> String {
        let mut text = String::with_capacity(128 * SERIES_PER_HOST);
        let mut last = "";
        for (Template { name, label, .. }, column) in self.templates.iter().zip(&self.hosts[host].columns) {
            let value = column[step];
            let (family, kind) = family_of(name);
            // Writing to a string does not fail.
            if family != last {
                let _ = writeln!(text, "# HELP {family} What a host says of itself.\n# TYPE {family} {kind}");
                last = family;
            }
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
}

/// A remote-write 1.0 request in snappy, of series with their labels, sorted by name, and their samples as (time in ms, value).
pub fn request<'l, L, S>(all: impl IntoIterator<Item = (L, S)>) -> Vec<u8>
where
    L: IntoIterator<Item = (&'l str, &'l str)>,
    S: IntoIterator<Item = (i64, f64)>,
{
    let (mut message, mut series) = (Vec::new(), Vec::new());
    for (labels, samples) in all {
        series.clear();
        labels.into_iter().for_each(|(name, value)| push_label(&mut series, name, value));
        samples.into_iter().for_each(|(time_ms, value)| push_sample(&mut series, value, time_ms));
        push_series(&mut message, &series);
    }
    compressed(&message)
}

fn compressed(message: &[u8]) -> Vec<u8> {
    let mut block = vec![0; snap::raw::max_compress_len(message.len())];
    let n_bytes = snap::raw::Encoder::new().compress(message, &mut block).unwrap_or(0);
    block.truncate(n_bytes);
    block
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

/// Series of a host whose values are made together.
#[derive(Debug)]
struct Family {
    kind: Kind,
    templates: Vec<Template>,
}

fn families(step_ms: i64) -> Vec<Family> {
    let mut families = Vec::new();
    let mut push = |kind: Kind, labelled: Vec<(String, Option<(&'static str, String)>)>| {
        let templates: Vec<_> = labelled.into_iter().map(|(name, label)| Template { name, label }).collect();
        debug_assert_eq!(templates.len(), kind.n_series(), "{kind:?}");
        families.push(Family { kind, templates });
    };
    for n in 0..90usize {
        let device = Some(("device", format!("eth{}", n % 6)));
        push(counter(n), vec![(format!("node_network_transmit_{}_total", n / 6), device)]);
    }
    for n in 0..50 {
        push(Kind::Pages { about: 1000 << (n % 12) }, vec![(format!("node_memory_area_{n}_bytes"), None)]);
    }
    for n in 0..6u32 {
        let name = format!("http_request_{n}_duration_seconds");
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut series: Vec<_> = bounds.map(|le| (format!("{name}_bucket"), Some(("le", le)))).collect();
        series.push((format!("{name}_sum"), None));
        series.push((format!("{name}_count"), None));
        push(Kind::Histogram { events: 0.3 * 3f64.powi(n as i32), typical_s: 0.004 * 2f64.powi(n as i32) }, series);
    }
    for cpu in 0..2 {
        let series = MODES.map(|mode| (format!("node_cpu_{cpu}_seconds_total"), Some(("mode", mode.to_owned()))));
        push(Kind::Processor { step_ms }, series.to_vec());
    }
    for n in 0..22u32 {
        let (name, places, about) = match n {
            0..8 => ("node_temperature", 1, 450),
            8..16 => ("node_load", 2, 120),
            _ => ("node_disk_latency", 3, 8_000),
        };
        let by = about / (20 + u64::from(n));
        push(Kind::Decimal { places, about, by }, vec![(format!("{name}_{n}"), None)]);
    }
    for n in 0..20 {
        push(Kind::Average { about: f64::from(1 + n * n) }, vec![(format!("jvm_requests_{n}_one_minute_rate"), None)]);
    }
    for n in 0..30u64 {
        let mountpoint = Some(("mountpoint", format!("/srv/{n}")));
        push(Kind::Constant(n << 30), vec![(format!("node_filesystem_{n}_size_bytes"), mountpoint)]);
    }
    families
}

/// The metric to which a series belongs, and its type.
fn family_of(name: &str) -> (&str, &'static str) {
    let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
    match histogram {
        Some(family) => (family, "histogram"),
        None => (name, if name.ends_with("_total") { "counter" } else { "gauge" }),
    }
}

/// Every sixth counter never moves, every sixth seldom, the others count packets or bytes of little to much traffic.
fn counter(n: usize) -> Kind {
    const EVENTS: [f64; 6] = [0.5, 4.0, 25.0, 150.0, 900.0, 6_000.0];
    match n % 6 {
        0 => Kind::Counter { events: 0.0, size: 1 },
        3 => Kind::Counter { events: 0.02, size: 1 },
        1 | 4 => Kind::Counter { events: EVENTS[n / 6 % 6], size: 1 },
        _ => Kind::Counter { events: EVENTS[n / 6 % 6], size: 700 },
    }
}

fn push_series(message: &mut Vec<u8>, series: &[u8]) {
    message.push(0x0a);
    push_varint(message, series.len() as u64);
    message.extend_from_slice(series);
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

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { first_ms: 150_000, step_ms: STEP_MS, n_steps: 4 };

    #[test]
    fn a_host_has_its_series_and_its_values_repeat() {
        let payload = Payload::new(7, 3, GRID);
        assert_eq!(payload.templates.len(), SERIES_PER_HOST);
        assert!(payload.hosts.iter().all(|host| host.columns.len() == SERIES_PER_HOST));
        assert_eq!(payload.request(0..3, 1..2), Payload::new(7, 3, GRID).request(0..3, 1..2));
        assert_ne!(payload.request(0..3, 1..2), payload.request(0..3, 2..3));
        let text = payload.exposition(1, 3);
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), SERIES_PER_HOST);
    }

    #[test]
    fn each_scrape_is_within_its_step() {
        let payload = Payload::new(7, 50, GRID);
        for host in 0..50 {
            for (step, &ms) in payload.times(host).iter().enumerate() {
                assert_eq!((ms - GRID.first_ms) / STEP_MS, step as i64, "{host}");
            }
        }
    }

    #[test]
    fn counters_and_buckets_never_go_back_and_histograms_are_cumulative() {
        let payload = Payload::new(7, 2, Grid { n_steps: 100, ..GRID });
        for (series, template) in payload.templates.iter().enumerate() {
            let values = payload.values(1, series);
            if ["_total", "_bucket", "_sum", "_count"].iter().any(|end| template.name.ends_with(end)) {
                assert!(values.is_sorted(), "{}: {values:?}", template.name);
            }
            if template.name.ends_with("_bucket") && template.label.as_ref().is_some_and(|(_, le)| le != "+Inf") {
                assert!(values.iter().zip(payload.values(1, series + 1)).all(|(one, next)| one <= next));
            }
        }
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
        let payload = Payload::new(7, 6, GRID);
        let message = net::remote_write::decompress(&payload.request(4..6, 0..2), 1 << 20).unwrap();
        let mut found = Found(Vec::new());
        net::remote_write::decode(&message, &net::remote_write::DecodeLimits::default(), &mut found).unwrap();
        assert_eq!(found.0.len(), 2 * SERIES_PER_HOST);
        let last = format!(
            "[(\"__name__\", \"node_filesystem_29_size_bytes\"), (\"instance\", \"{}\"), (\"job\", \"node\"), \
             (\"mountpoint\", \"/srv/29\")] [Sample {{ timestamp_ms: {}, start_ms: 0, value: {value:?} }}, \
             Sample {{ timestamp_ms: {}, start_ms: 0, value: {value:?} }}]",
            instance(5),
            payload.times(5)[0],
            payload.times(5)[1],
            value = (29u64 << 30) as f64
        );
        assert_eq!(found.0.last(), Some(&last));
    }
}
