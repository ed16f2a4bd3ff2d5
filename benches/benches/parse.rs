//! What it costs to read what targets say.
//!
//! Three bodies: 10,000 samples with five labels each, the same in OpenMetrics, and a node_exporter's real answer (from
//! the suites, where they are). Each is read four ways: events only; events and the labels of every series, which is the
//! first scrape of a target; with all lines known, which is every later scrape; and by `prometheus-parse`, which gives
//! samples with labels. Criterion prints bytes per second; samples per second are printed beside.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scrape::parse::{Event, Format, MetricType, Options, Parser};

struct Body {
    name: &'static str,
    format: Format,
    text: String,
}

fn bodies() -> Vec<Body> {
    let mut bodies = vec![
        Body { name: "10k", format: Format::PrometheusText, text: generated(10_000) },
        Body { name: "10k_openmetrics", format: Format::OpenMetrics, text: generated(10_000) + "# EOF\n" },
    ];
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites");
    let suites = std::env::var("NARTHEX_SUITES").unwrap_or_else(|_| beside.to_owned());
    match std::fs::read_to_string(format!("{suites}/smack/node/node_exporter-1.5.0-metrics.txt")) {
        Ok(text) => bodies.push(Body { name: "node_exporter", format: Format::PrometheusText, text }),
        Err(error) => println!("node_exporter is left out: {error}"),
    }
    bodies
}

/// Families of ten series with five labels.
fn generated(n_samples: usize) -> String {
    let mut text = String::new();
    for n in 0..n_samples {
        let family = n / 10;
        if n % 10 == 0 {
            writeln!(text, "# HELP family_{family}_requests_total How many requests there were, by code and path.")
                .unwrap();
            writeln!(text, "# TYPE family_{family}_requests_total counter").unwrap();
        }
        let value = n as f64 * 1.25;
        writeln!(
            text,
            "family_{family}_requests_total{{method=\"GET\",code=\"{}\",path=\"/api/v{}/items\",zone=\"eu-{}\",shard=\"{}\"}} {value}",
            200 + n % 10,
            n % 3,
            n % 4,
            n % 10,
        )
        .unwrap();
    }
    text
}

/// Reads all events; answers how many samples there were.
fn events(body: &Body) -> usize {
    let mut parser = Parser::new(body.format, body.text.as_bytes(), Options::default());
    let mut n_samples = 0;
    while let Some(event) = parser.next().unwrap() {
        n_samples += usize::from(matches!(black_box(event), Event::Series { .. }));
    }
    n_samples
}

fn events_and_labels(body: &Body) -> usize {
    let mut parser = Parser::new(body.format, body.text.as_bytes(), Options::default());
    let mut n_samples = 0;
    while let Some(event) = parser.next().unwrap() {
        if let Event::Series { .. } = event {
            black_box(parser.labels().unwrap());
            n_samples += 1;
        }
    }
    n_samples
}

/// A line as a scrape cache keeps it.
enum Known {
    Series(Vec<u8>),
    Metadata(Vec<u8>, MetricType),
}

fn known_lines(body: &Body) -> Vec<Known> {
    let mut parser = Parser::new(body.format, body.text.as_bytes(), Options::default());
    let mut lines = Vec::new();
    while let Some(event) = parser.next().unwrap() {
        lines.push(match event {
            Event::Series { text, .. } => Known::Series(text.to_vec()),
            _ => Known::Metadata(
                body.text.as_bytes()[parser.line_start()..parser.offset()].to_vec(),
                parser.metric_type(),
            ),
        });
    }
    lines
}

fn known(body: &Body, lines: &[Known]) -> usize {
    let mut parser = Parser::new(body.format, body.text.as_bytes(), Options::default());
    let mut n_samples = 0;
    for line in lines {
        match line {
            Known::Series(text) => {
                black_box(parser.next_if_series(text).unwrap().unwrap());
                n_samples += 1;
            }
            Known::Metadata(line, metric_type) => assert!(parser.skip_if_line(line, *metric_type)),
        }
    }
    assert!(parser.next().unwrap().is_none());
    n_samples
}

fn rival(body: &Body) -> usize {
    let lines = body.text.lines().map(|line| Ok(line.to_owned()));
    black_box(prometheus_parse::Scrape::parse(lines).unwrap()).samples.len()
}

/// Prints samples per second, over at least a fifth of a second.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn print_rate(name: &str, body: &Body, mut read: impl FnMut(&Body) -> usize) {
    let started = Instant::now();
    let mut n_samples = 0;
    while started.elapsed().as_millis() < 200 {
        n_samples += read(body);
    }
    println!("{name}/{}: {:.2} M samples/s", body.name, n_samples as f64 / started.elapsed().as_secs_f64() / 1e6);
}

fn parse(criterion: &mut Criterion) {
    for body in &bodies() {
        let lines = known_lines(body);
        print_rate("events", body, events);
        print_rate("events_and_labels", body, events_and_labels);
        print_rate("known", body, |body| known(body, &lines));
        let mut group = criterion.benchmark_group("parse");
        group.throughput(Throughput::Bytes(body.text.len() as u64));
        group.bench_with_input(BenchmarkId::new("events", body.name), body, |b, body| b.iter(|| events(body)));
        group.bench_with_input(BenchmarkId::new("events_and_labels", body.name), body, |b, body| {
            b.iter(|| events_and_labels(body));
        });
        group.bench_with_input(BenchmarkId::new("known", body.name), body, |b, body| b.iter(|| known(body, &lines)));
        if body.format == Format::PrometheusText {
            print_rate("prometheus_parse", body, rival);
            group.sample_size(10);
            group.bench_with_input(BenchmarkId::new("prometheus_parse", body.name), body, |b, body| {
                b.iter(|| rival(body));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
