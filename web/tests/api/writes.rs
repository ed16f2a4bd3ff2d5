//! Remote write: what is taken, what is refused and in which words, and that nothing is confirmed that is not stored.

use journal::testkit::Fault;

use crate::client::{ask, encoded, get};
use crate::fixture::{HEADERS, Series, compressed, message, push_bytes, series, write};
use crate::server::Setup;

/// A remote write and its answer.
#[derive(Debug)]
pub(crate) struct Write {
    name: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    pub(crate) status: u16,
    text: &'static str,
}

impl Write {
    fn of(name: &'static str, series: &[Series], status: u16, text: &'static str) -> Write {
        Write::raw(name, compressed(&message(series)), status, text)
    }

    fn raw(name: &'static str, body: Vec<u8>, status: u16, text: &'static str) -> Write {
        Write { name, headers: HEADERS.to_vec(), body, status, text }
    }

    fn typed(name: &'static str, content_type: &'static str, encoding: &'static str, text: &'static str) -> Write {
        let headers = vec![("Content-Type", content_type), ("Content-Encoding", encoding)];
        let status = if text.is_empty() { 204 } else { 415 };
        let body = compressed(&message(&[w(&[(3000, 1.0)])]));
        Write { name, headers, body, status, text }
    }

    fn send(&self, address: std::net::SocketAddr) -> (u16, String) {
        let answer = ask(address, "POST", "/api/v1/write", &self.headers, &self.body);
        (answer.status, answer.text().trim_end().to_owned())
    }

    /// What is wrong with the answer of narthex.
    pub(crate) fn fault(&self, address: std::net::SocketAddr) -> Option<String> {
        let got = self.send(address);
        (got != (self.status, self.text.to_owned()))
            .then(|| format!("{}\n  want {} {}\n  got  {} {}", self.name, self.status, self.text, got.0, got.1))
    }

    /// What is wrong with the expectation, by what a real Prometheus answers.
    pub(crate) fn fault_by_peer(&self, address: std::net::SocketAddr) -> Option<String> {
        let (status, text) = self.send(address);
        (status != self.status)
            .then(|| format!("{}: {} expected, Prometheus answers {status} {text}", self.name, self.status))
    }
}

fn w(samples: &[(i64, f64)]) -> Series {
    Series::new(&[("__name__", "w"), ("a", "b")], samples)
}

/// Writes into an empty store, in this order.
pub(crate) fn writes() -> Vec<Write> {
    let labelled = |labels: &[(&'static str, &'static str)]| Series::new(labels, &[(2000, 3.0)]);
    let limit = "decoded size exceeds the 33554432 bytes limit";
    let corrupt = "snappy: corrupt input";
    let late = "out of order sample for series {__name__=\"w\", a=\"b\"} at 1500 ms";
    vec![
        Write::of("two samples", &[w(&[(1000, 1.0), (2000, 2.0)])], 204, ""),
        Write::of("the last one again", &[w(&[(2000, 2.0)])], 204, ""),
        Write::of(
            "another value for the same time",
            &[w(&[(2000, 3.0)])],
            400,
            "duplicate sample for timestamp for series {__name__=\"w\", a=\"b\"} at 2000 ms",
        ),
        Write::of("late", &[w(&[(1500, 3.0)])], 400, late),
        Write::of(
            "late, among others that are kept",
            &[w(&[(2500, 4.0)]), w(&[(1500, 3.0)]), w(&[(1501, 3.0)]), labelled(&[("__name__", "kept")])],
            400,
            "out of order sample for series {__name__=\"w\", a=\"b\"} at 1500 ms, and 1 more",
        ),
        Write::of(
            "from the future",
            &[w(&[(i64::MAX, 3.0)])],
            400,
            "out of bounds: timestamp is too far in the future: limit 600000 ms for series {__name__=\"w\", a=\"b\"} at \
             9223372036854775807 ms",
        ),
        Write::of("without a name", &[labelled(&[("a", "b")])], 204, ""),
        Write::of("with an empty name", &[labelled(&[("__name__", "")])], 204, ""),
        Write::of("with a label twice", &[labelled(&[("__name__", "x"), ("a", "b"), ("a", "c")])], 204, ""),
        Write::of("labels in disorder", &[labelled(&[("a", "b"), ("__name__", "disorder")])], 204, ""),
        Write::of("an empty label", &[labelled(&[("__name__", "empty"), ("a", "")])], 204, ""),
        Write::of("no samples", &[Series::new(&[("__name__", "x")], &[])], 204, ""),
        Write::of("nothing", &[], 204, ""),
        Write::raw("no body", Vec::new(), 400, corrupt),
        Write::raw("no snappy", b"this is no snappy".to_vec(), 400, corrupt),
        Write::raw("cut snappy", compressed(&message(&series()))[..100].to_vec(), 400, corrupt),
        Write::raw("snappy that claims four gibibytes", vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0], 400, limit),
        Write::raw("snappy that claims a byte too much", vec![0x81, 0x80, 0x80, 0x10], 400, limit),
        Write::raw("snappy that claims 32 mebibytes in five bytes", vec![0x80, 0x80, 0x80, 0x10, 0], 400, corrupt),
        Write::raw("snappy that unpacks to too much", compressed(&vec![0; (32 << 20) + 1]), 400, limit),
        Write::raw("no protobuf", compressed(b"hello world"), 400, "proto: illegal wireType 4"),
        Write::raw("cut protobuf", compressed(&message(&series())[..100]), 400, "unexpected EOF"),
        Write::raw("33 mebibytes", vec![0; 33 << 20], 413, "request body exceeds the 33554432 bytes limit"),
        Write::typed(
            "gzip",
            "application/x-protobuf",
            "gzip",
            "gzip encoding (compression) is not accepted by this server; only snappy is acceptable",
        ),
        Write::typed(
            "JSON",
            "application/json",
            "snappy",
            "expected application/x-protobuf as the first (media) part, got application/json content-type",
        ),
        Write::typed("named as version 1", "application/x-protobuf;proto=prometheus.WriteRequest", "snappy", ""),
        Write::typed(
            "named as version 2, which has none of its fields",
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            "snappy",
            "",
        ),
        Write::typed(
            "another message",
            "application/x-protobuf;proto=x",
            "snappy",
            "got application/x-protobuf;proto=x content type; unknown type for remote write protobuf message x, \
             supported: prometheus.WriteRequest, io.prometheus.write.v2.Request",
        ),
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
    let want = concat!(
        r#"{"status":"success","data":{"resultType":"matrix","result":["#,
        r#"{"metric":{"__name__":"disorder","a":"b"},"values":[[2,"3"]]},"#,
        r#"{"metric":{"__name__":"empty"},"values":[[2,"3"]]},"#,
        r#"{"metric":{"__name__":"kept"},"values":[[2,"3"]]},"#,
        r#"{"metric":{"__name__":"w","a":"b"},"values":[[1,"1"],[2,"2"],[2.500,"4"],[3,"1"]]}]}}"#
    );
    assert_eq!(stored.text(), want);
    let own = get(server.address, "/metrics").text();
    for line in [
        "narthex_remote_write_samples_total{kind=\"float\"} 8",
        "narthex_remote_write_dropped_total{reason=\"invalid_labels\"} 3",
        "narthex_remote_write_dropped_total{reason=\"refused\"} 5",
    ] {
        assert!(own.contains(&format!("\n{line}\n")), "{line}\n{own}");
    }
}

/// Series that were named before are known by their labels as they stand together: those that stand apart must not be
/// taken for the series before.
#[test]
fn labels_apart() {
    let server = Setup::new().start();
    let whole = |labels: &[(&'static str, &'static str)], time_ms| message(&[Series::new(labels, &[(time_ms, 1.0)])]);
    for time_ms in [1000, 2000] {
        let mut body = whole(&[("__name__", "one")], time_ms);
        // A label before the sample, and one behind it.
        let mut apart = whole(&[("__name__", "two")], time_ms).split_off(2);
        let label = message(&[Series::new(&[("a", "b")], &[])]).split_off(2);
        apart.extend_from_slice(&label);
        push_bytes(&mut body, 1, &apart);
        body.extend(whole(&[("__name__", "one")], time_ms + 1));
        let answer = ask(server.address, "POST", "/api/v1/write", &HEADERS, &compressed(&body));
        assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    }
    let stored = get(server.address, &format!("/api/v1/query?query={}&time=10", encoded(r#"{__name__=~".+"}[1h]"#)));
    let want = serde_json::json!([
        {"metric": {"__name__": "one"}, "values": [[1, "1"], [1.001, "1"], [2, "1"], [2.001, "1"]]},
        {"metric": {"__name__": "two", "a": "b"}, "values": [[1, "1"], [2, "1"]]},
    ]);
    assert_eq!(stored.json()["data"]["result"], want);
}

#[test]
fn switched_off() {
    let mut setup = Setup::new();
    setup.settings.enable_remote_write = false;
    let answer = write(setup.start().address, &[w(&[(1000, 1.0)])]);
    let text = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n";
    assert_eq!((answer.status, answer.text().as_str()), (404, text));
}

#[test]
fn limits() {
    let check = |change: fn(&mut Setup), series: &[Series], status: u16, text: &str| {
        let mut setup = Setup::new();
        change(&mut setup);
        let answer = write(setup.start().address, series);
        assert_eq!((answer.status, answer.text().trim_end()), (status, text));
    };
    let three = [w(&[(1, 1.0)]), w(&[(2, 1.0)]), w(&[(3, 1.0)])];
    let two_samples: fn(&mut Setup) = |setup| setup.settings.limits.remote_write.max_samples = 2;
    let text = "too many samples in one request: limit is 2 (remote_write_max_samples_per_request)";
    check(two_samples, &three, 400, text);
    let two_series: fn(&mut Setup) = |setup| setup.settings.limits.remote_write.max_series = 2;
    let text = "too many time series in one request: limit is 2 (remote_write_max_series_per_request)";
    check(two_series, &three, 400, text);
    let short: fn(&mut Setup) = |setup| setup.settings.limits.remote_write_body = 10;
    check(short, &three, 413, "request body exceeds the 10 bytes limit");
    let one_series: fn(&mut Setup) = |setup| setup.store.max_series = 1;
    let other = Series::new(&[("__name__", "other")], &[(7, 1.0), (8, 1.0)]);
    let text = "too many series: limit 1 of head_series is reached by metric \"w\" with 1 series (raised by \
                narthex.limits.head_series) for series {__name__=\"other\"} at 7 ms, and 1 more";
    check(one_series, &[w(&[(1, 1.0)]), other.clone()], 429, text);
    let of = |user| Series::new(&[("__name__", "w"), ("instance", "i"), ("user", user)], &[(7, 1.0)]);
    let three = [other, of("1"), of("2"), of("3"), w(&[(1, 1.0)])];
    let two_of_metric: fn(&mut Setup) = |setup| setup.store.max_metric_series = 2;
    let text = "too many series: limit 2 of metric_series is reached by metric \"w\" with 2 series, whose label \
                \"user\" has 2 values (raised by narthex.limits.metric_series) for series {__name__=\"w\", \
                instance=\"i\", user=\"3\"} at 7 ms, and 1 more";
    check(two_of_metric, &three, 429, text);
    let two_of_target: fn(&mut Setup) = |setup| setup.store.max_target_series = 2;
    let text = "too many series: limit 2 of target_series is reached by target {instance=\"i\"} with 2 series, whose \
                label \"user\" has 2 values (raised by narthex.limits.target_series) for series {__name__=\"w\", \
                instance=\"i\", user=\"3\"} at 7 ms";
    check(two_of_target, &three, 429, text);
}

#[test]
fn late_samples() {
    let server = Setup::new().start();
    let check = |timestamp_ms: i64, status: u16, text: &str| {
        let answer = write(server.address, &[w(&[(timestamp_ms, 1.0)])]);
        assert_eq!((answer.status, answer.text().trim_end()), (status, text), "{timestamp_ms}");
    };
    check(10_000_000, 204, "");
    check(8_200_000, 204, "");
    check(9_000_000, 204, "");
    check(8_199_999, 400, "too old sample for series {__name__=\"w\", a=\"b\"} at 8199999 ms");
    let stored = get(server.address, "/api/v1/query?query=w[1h]&time=10000").json();
    let want = serde_json::json!([[8200, "1"], [9000, "1"], [10_000, "1"]]);
    assert_eq!(stored["data"]["result"][0]["values"], want);
}

#[test]
fn confirmed_only_once_stored() {
    let setup = Setup::new();
    let disk = setup.disk.clone();
    let server = setup.start();
    disk.fail(0, 1000, Fault::Error);
    let refused = write(server.address, &[w(&[(1000, 1.0)])]);
    assert_eq!((refused.status, refused.header("retry-after").as_str()), (503, "5"), "{}", refused.text());
    let count =
        || get(server.address, "/api/v1/query?query=w&time=1").json()["data"]["result"].as_array().unwrap().len();
    assert_eq!(count(), 0, "{}", refused.text());
    disk.fail(0, 0, Fault::Error);
    assert_eq!(write(server.address, &[w(&[(1000, 1.0)])]).status, 204);
    assert_eq!(count(), 1);
}

#[test]
fn every_byte_damaged() {
    let server = Setup::new().start();
    let body = compressed(&message(&series()[..2]));
    for at in 0..body.len() {
        let mut damaged = body.clone();
        damaged[at] ^= 0x11;
        let status = ask(server.address, "POST", "/api/v1/write", &HEADERS, &damaged).status;
        assert!(matches!(status, 204 | 400 | 413), "byte {at}: {status}");
    }
    assert_eq!(server.counts.panics.get(), 0);
}
