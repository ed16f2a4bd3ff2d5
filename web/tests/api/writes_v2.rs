//! Remote write 2.0: what is taken, what is refused, in which words and with which counts, beside a real Prometheus too.

use std::net::SocketAddr;

use crate::client::{ask, encoded, get};
use crate::fixture::{compressed, push_bytes, push_varint};
use crate::server::Setup;

const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "2.0.0"),
];

/// The table of symbols of all requests here.
const SYMBOLS: [&str; 10] = ["", "__name__", "w2", "a", "b", "other", "help", "unit", "trace_id", "c"];
/// `{__name__="w2", a="b"}` and `{__name__="other"}`
const W2: [u32; 4] = [1, 2, 3, 4];
const OTHER: [u32; 2] = [1, 5];

/// A series of version 2, as it goes over the wire.
#[derive(Clone, Debug, Default)]
struct Series(Vec<u8>);

impl Series {
    fn of(refs: &[u32]) -> Series {
        let mut packed = Vec::new();
        refs.iter().for_each(|at| push_varint(&mut packed, u64::from(*at)));
        Series::default().with(1, &packed)
    }

    fn with(mut self, field: u8, bytes: &[u8]) -> Series {
        push_bytes(&mut self.0, field, bytes);
        self
    }

    fn sample(self, time_ms: i64, value: f64) -> Series {
        let mut sample = vec![1 << 3 | 1];
        sample.extend_from_slice(&value.to_le_bytes());
        sample.push(2 << 3);
        push_varint(&mut sample, time_ms as u64);
        // When it began to count.
        sample.extend_from_slice(&[3 << 3, 1]);
        self.with(2, &sample)
    }

    /// A histogram of three observations, two in a bucket and one in the zero bucket, or so it says.
    fn histogram(self, time_ms: i64, count: u8) -> Series {
        let mut histogram = vec![1 << 3, count, 6 << 3, 1];
        push_bytes(&mut histogram, 11, &[1 << 3, 2, 2 << 3, 1]);
        push_bytes(&mut histogram, 12, &[4]);
        histogram.push(15 << 3);
        push_varint(&mut histogram, time_ms as u64);
        self.with(3, &histogram)
    }

    /// A histogram with custom buckets up to 1 and up to 2, and one beyond.
    fn custom(self, time_ms: i64, bounds: [f64; 2]) -> Series {
        let mut histogram = vec![1 << 3, 3, 4 << 3, 105];
        push_bytes(&mut histogram, 11, &[2 << 3, 3]);
        push_bytes(&mut histogram, 12, &[2, 0, 0]);
        histogram.push(15 << 3);
        push_varint(&mut histogram, time_ms as u64);
        histogram.extend_from_slice(&[0x82, 0x01, 16]);
        bounds.iter().for_each(|bound| histogram.extend_from_slice(&bound.to_le_bytes()));
        self.with(3, &histogram)
    }

    fn exemplar(self, refs: &[u8]) -> Series {
        let mut exemplar = Vec::new();
        push_bytes(&mut exemplar, 1, refs);
        exemplar.extend_from_slice(&[3 << 3, 1]);
        self.with(4, &exemplar)
    }

    fn metadata(self, help: u8, unit: u8) -> Series {
        self.with(5, &[1 << 3, 1, 3 << 3, help, 4 << 3, unit])
    }
}

fn message(series: &[Series]) -> Vec<u8> {
    let mut out = Vec::new();
    SYMBOLS.iter().for_each(|symbol| push_bytes(&mut out, 4, symbol.as_bytes()));
    series.iter().for_each(|Series(bytes)| push_bytes(&mut out, 5, bytes));
    out
}

/// A remote write and its answer: status, text, and how many samples and histograms were written.
#[derive(Debug)]
pub(crate) struct Write {
    name: &'static str,
    message: Vec<u8>,
    status: u16,
    text: &'static str,
    counts: [&'static str; 2],
    /// Whether Prometheus uses the same words.
    is_shared: bool,
}

impl Write {
    fn of(name: &'static str, series: &[Series], status: u16, text: &'static str, counts: [&'static str; 2]) -> Write {
        Write { name, message: message(series), status, text, counts, is_shared: true }
    }

    fn raw(name: &'static str, message: Vec<u8>, text: &'static str) -> Write {
        Write {
            name,
            message,
            status: if text.is_empty() { 204 } else { 400 },
            text,
            counts: ["0", "0"],
            is_shared: true,
        }
    }

    /// Prometheus says it otherwise.
    fn in_own_words(self) -> Write {
        Write { is_shared: false, ..self }
    }

    /// Status, counts and text of the answer.
    fn outcome(&self, address: SocketAddr) -> [String; 2] {
        let answer = ask(address, "POST", "/api/v1/write", &HEADERS, &compressed(&self.message));
        let count = |kind| answer.header(&format!("x-prometheus-remote-write-{kind}-written"));
        let head = format!("{} {}/{}", answer.status, count("samples"), count("histograms"));
        [head, answer.text().trim_end().to_owned()]
    }

    fn wanted(&self) -> [String; 2] {
        [format!("{} {}/{}", self.status, self.counts[0], self.counts[1]), self.text.to_owned()]
    }

    /// What is wrong with the answer of narthex.
    pub(crate) fn fault(&self, address: SocketAddr) -> Option<String> {
        let (got, want) = (self.outcome(address), self.wanted());
        (got != want).then(|| format!("{}\n  want {want:?}\n  got  {got:?}", self.name))
    }

    /// What is wrong with the expectation, by what a real Prometheus answers.
    pub(crate) fn fault_by_peer(&self, address: SocketAddr) -> Option<String> {
        let (got, want) = (self.outcome(address), self.wanted());
        let is_same = if self.is_shared { got == want } else { got[0] == want[0] && got[1] != want[1] };
        (!is_same).then(|| format!("{}: {want:?} expected, Prometheus answers {got:?}", self.name))
    }
}

/// Writes into an empty store, in this order.
pub(crate) fn writes() -> Vec<Write> {
    let w2 = || Series::of(&W2);
    let other = || Series::of(&OTHER);
    let late = "out of order sample for series {__name__=\"w2\", a=\"b\"}";
    vec![
        Write::of("two samples", &[w2().sample(1000, 1.0).sample(2000, 2.0).metadata(6, 7)], 204, "", ["2", "0"]),
        Write::of("the last one again", &[w2().sample(2000, 2.0)], 204, "", ["1", "0"]),
        Write::of(
            "another value for the same time",
            &[w2().sample(2000, 3.0)],
            400,
            "duplicate sample for timestamp for series {__name__=\"w2\", a=\"b\"}",
            ["0", "0"],
        )
        .in_own_words(),
        Write::of("late", &[w2().sample(1500, 3.0)], 400, late, ["0", "0"]),
        Write::of(
            "late, among others that are kept",
            &[w2().sample(2500, 4.0), w2().sample(1500, 3.0), other().sample(2000, 1.0)],
            400,
            late,
            ["2", "0"],
        ),
        Write::of(
            "half a pair",
            &[Series::of(&[1, 2, 3]).sample(3000, 1.0), other().sample(3000, 1.0)],
            400,
            "parsing labels for series [1 2 3]: invalid labelRefs length 3",
            ["1", "0"],
        ),
        Write::of(
            "a label beyond the table",
            &[Series::of(&[1, 10]).sample(3000, 1.0)],
            400,
            "parsing labels for series [1 10]: labelRefs 1 (name) = 10 (value) outside of symbols table (size 10)",
            ["0", "0"],
        ),
        Write::of(
            "metadata beyond the table",
            &[other().sample(4000, 1.0).metadata(99, 0), other().sample(5000, 1.0).metadata(0, 99)],
            400,
            "parsing metadata for series [1 5]: metadata help_ref 99 outside of symbols table (size 10)\n\
             parsing metadata for series [1 5]: metadata unit_ref 99 outside of symbols table (size 10)",
            ["0", "0"],
        ),
        Write::of(
            "without a name",
            &[Series::of(&[3, 4]).sample(3000, 1.0)],
            400,
            "invalid metric name or labels, got {a=\"b\"}",
            ["0", "0"],
        ),
        Write::of(
            "a label twice",
            &[Series::of(&[1, 2, 3, 4, 3, 9]).sample(3000, 1.0)],
            400,
            "invalid labels for series, labels {__name__=\"w2\", a=\"b\", a=\"c\"}, duplicated label a",
            ["0", "0"],
        ),
        Write::of("labels in disorder", &[Series::of(&[3, 9, 1, 5]).sample(3000, 1.0)], 204, "", ["1", "0"]),
        Write::of(
            "no samples",
            &[w2()],
            400,
            "TimeSeries must contain at least one sample or histogram for series {__name__=\"w2\", a=\"b\"}",
            ["0", "0"],
        ),
        Write::of("nothing", &[], 204, "", ["0", "0"]),
        Write::of(
            "histograms",
            &[Series::of(&[1, 5, 3, 4]).histogram(1000, 3).histogram(2000, 3).custom(3000, [1.0, 2.0])],
            204,
            "",
            ["0", "3"],
        ),
        Write::of(
            "a histogram that does not add up",
            &[Series::of(&[1, 5, 3, 4]).histogram(4000, 4)],
            400,
            "3 observations found in buckets, but the Count field is 4: histogram's observation count should equal the \
             number of observations found in the buckets (in absence of NaN) for series {__name__=\"other\", a=\"b\"}",
            ["0", "0"],
        ),
        Write::of(
            "custom buckets in disorder",
            &[Series::of(&[1, 5, 3, 4]).custom(4000, [2.0, 1.0])],
            400,
            "custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be in \
             strictly increasing order for series {__name__=\"other\", a=\"b\"}",
            ["0", "0"],
        ),
        Write::of("an exemplar", &[w2().sample(4000, 1.0).exemplar(&[8, 4])], 204, "", ["1", "0"]),
        Write::of(
            "exemplars that cannot be",
            &[w2().sample(5000, 1.0).exemplar(&[8]).exemplar(&[8, 77])],
            400,
            "parsing exemplar for series {__name__=\"w2\", a=\"b\"}: invalid labelRefs length 1\n\
             parsing exemplar for series {__name__=\"w2\", a=\"b\"}: labelRefs 8 (name) = 77 (value) outside of symbols \
             table (size 10)",
            ["1", "0"],
        ),
        Write::raw("no protobuf", b"hello world".to_vec(), "proto: illegal wireType 4").in_own_words(),
        Write::raw("cut protobuf", message(&[w2().sample(6000, 1.0)])[..60].to_vec(), "unexpected EOF"),
        Write::raw("a symbol of another type", vec![4 << 3, 1], "proto: wrong wireType = 0 for field Symbols"),
        Write::raw("a message of version 1", vec![1 << 3 | 2, 0], ""),
    ]
}

#[test]
fn taken_and_refused() {
    let mut setup = Setup::new();
    // As Prometheus is where nothing is said.
    setup.store.late_window_ms = 0;
    let server = setup.start();
    let faults: Vec<String> = writes().iter().filter_map(|write| write.fault(server.address)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let stored = get(server.address, &format!("/api/v1/query?query={}&time=10", encoded(r#"{__name__=~".+"}[1h]"#)));
    let results = stored.json()["data"]["result"].take();
    let results: Vec<String> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|series| {
            format!("{} {} {}", series["metric"], series["values"], series["histograms"].as_array().map_or(0, Vec::len))
        })
        .collect();
    let want = [
        r#"{"__name__":"other"} [[2,"1"],[3,"1"]] 0"#,
        r#"{"__name__":"other","a":"b"} null 3"#,
        r#"{"__name__":"other","a":"c"} [[3,"1"]] 0"#,
        r#"{"__name__":"w2","a":"b"} [[1,"1"],[2,"2"],[2.5,"4"],[4,"1"],[5,"1"]] 0"#,
    ];
    assert_eq!(results, want);
    let own = get(server.address, "/metrics").text();
    for line in [
        "narthex_remote_write_dropped_total{reason=\"invalid_labels\"} 6",
        "narthex_remote_write_dropped_total{reason=\"invalid_histogram\"} 2",
        "narthex_remote_write_dropped_total{reason=\"exemplar\"} 3",
    ] {
        assert!(own.contains(&format!("\n{line}\n")), "{line}\n{own}");
    }
}

#[test]
fn many_faults_are_counted_and_not_all_told() {
    let server = Setup::new().start();
    let faulty: Vec<Series> = (0..150).map(|_| Series::of(&[1]).sample(1000, 1.0)).collect();
    let answer = ask(server.address, "POST", "/api/v1/write", &HEADERS, &compressed(&message(&faulty)));
    assert_eq!(answer.status, 400);
    let text = answer.text();
    assert_eq!(text.lines().count(), 101);
    assert_eq!(text.lines().last(), Some("and 50 more"));
}

#[test]
fn every_byte_damaged() {
    let server = Setup::new().start();
    let series = [
        Series::of(&W2).sample(1000, 1.0).exemplar(&[8, 4]).metadata(6, 7),
        Series::of(&[1, 5, 3, 4]).histogram(1000, 3).custom(3000, [1.0, 2.0]),
    ];
    let message = message(&series);
    for at in 0..message.len() {
        let mut damaged = message.clone();
        damaged[at] ^= 0x11;
        for bytes in [&damaged[..], &message[..at]] {
            let status = ask(server.address, "POST", "/api/v1/write", &HEADERS, &compressed(bytes)).status;
            assert!(matches!(status, 204 | 400), "byte {at}: {status}");
        }
    }
    assert_eq!(server.counts.panics.get(), 0);
}
