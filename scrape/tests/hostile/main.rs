//! Targets that mean harm, or are merely broken, on real sockets: each costs its own scrape and no more, and the reason
//! can be read.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod server;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::rng::SeededRng;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef};
use model::{Labels, SystemClock};
use parking_lot::Mutex;
use scrape::Scraper;
use scrape::config::{Inherited, ScrapeConfig};
use scrape::pool::{Features, PoolSettings};
use scrape::scrape_loop::{FailureKind, TargetState};
use server::{Behaviour, Server, gzip_bomb, lines};

/// The allocator that narthex has: glibc's keeps what was freed in every thread's arena, by chance up to half as much again.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A store that only counts, and keeps `up`.
#[derive(Debug, Default)]
struct Store {
    series: Mutex<Vec<Labels>>,
    ups: Mutex<HashMap<String, f64>>,
}

impl Append for Store {
    fn open_source(&self, _name: &Labels) -> SourceRef {
        SourceRef(0)
    }

    fn close_source(&self, _source: SourceRef) {}

    fn resolve(
        &self,
        _source: Option<SourceRef>,
        series: &[Labels],
    ) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError> {
        let mut known = self.series.lock();
        let first = known.len() as u64;
        known.extend_from_slice(series);
        Ok((first..known.len() as u64).map(|id| Ok(SeriesRef(id))).collect())
    }

    fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
        let known = self.series.lock();
        for (series, value) in batch.series.iter().zip(batch.values) {
            let labels = &known[series.0 as usize];
            if labels.metric_name() == "up" {
                self.ups.lock().insert(labels.get("job").unwrap_or_default().to_owned(), *value);
            }
        }
        Ok(Vec::new())
    }
}

/// What is expected of a case.
enum Expected {
    /// `up` is 1, and so many samples.
    Up(u64),
    /// `up` is 0, and the error is this; `URL` stands for the target's.
    Down(FailureKind, String),
}

struct Case {
    name: &'static str,
    behaviour: Behaviour,
    /// Lines of the scrape configuration.
    config: &'static str,
    expected: Expected,
}

fn down(kind: FailureKind, error: &str) -> Expected {
    Expected::Down(kind, error.to_owned())
}

/// A limit on bodies that is reached soon.
const SMALL_BODIES: &str = "body_size_limit: 8MB";
const TOO_LARGE: &str = "body size limit exceeded (limit: 8388608 bytes; raise body_size_limit)";
const TOO_LARGE_BY_DEFAULT: &str = "body size limit exceeded (limit: 67108864 bytes; raise body_size_limit)";
/// Time that is over soon.
const SHORT: &str = "scrape_timeout: 200ms";
const DEADLINE: &str = "Get \"URL\": context deadline exceeded";

fn cases() -> Vec<Case> {
    let case = |name, behaviour, config, expected| Case { name, behaviour, config, expected };
    let text = |body: &str| Behaviour::text(body.as_bytes());
    let long_label = format!("m{{a=\"{}\"}} 1\n", "v".repeat(1 << 20));
    let many_labels: String = (0..100_000).map(|n| format!("l{n}=\"1\",")).collect();
    let value_limit = format!(
        "label_value_length_limit exceeded (metric: m, label name: a, value: \"{}\", length: 1048576, limit: 4096)",
        "v".repeat(50)
    );
    vec![
        case("never_accepts_a_request", Behaviour::Silent, SHORT, down(FailureKind::Fetch, DEADLINE)),
        case(
            "drips_a_header",
            Behaviour::Drip { head: b"", each: b"H" },
            SHORT,
            down(FailureKind::Fetch, DEADLINE),
        ),
        case(
            "drips_a_body",
            Behaviour::Drip { head: b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", each: b"m" },
            SHORT,
            down(FailureKind::Fetch, "context deadline exceeded"),
        ),
        case(
            "says_two_gibibytes",
            Behaviour::Endless { head: "Content-Length: 2147483648\r\n", piece: vec![b'#'; 1 << 16] },
            "",
            down(FailureKind::BodySizeLimit, TOO_LARGE_BY_DEFAULT),
        ),
        case(
            "sends_without_end",
            Behaviour::Endless { head: "", piece: lines(0..2000, |n| format!("m{{n=\"{n}\"}} 1\n")) },
            SMALL_BODIES,
            down(FailureKind::BodySizeLimit, TOO_LARGE),
        ),
        case(
            "gzip_bomb",
            Behaviour::Whole(gzip_bomb()),
            "",
            down(FailureKind::BodySizeLimit, TOO_LARGE_BY_DEFAULT),
        ),
        case(
            "endless_header",
            Behaviour::EndlessHead,
            "",
            down(FailureKind::Fetch, "Get \"URL\": net/http: server response headers exceeded 65536 bytes; aborted"),
        ),
        case("label_of_a_megabyte", text(&long_label), "", Expected::Down(FailureKind::LabelLimit, value_limit)),
        case(
            "hundred_thousand_labels",
            text(&format!("m{{{many_labels}}} 1\n")),
            "",
            down(
                FailureKind::LabelLimit,
                "label_limit exceeded (metric: m, number of labels: 100003, limit: 64)",
            ),
        ),
        case(
            "label_name_that_is_too_long",
            text(&format!("m{{{}=\"1\"}} 1\n", "n".repeat(513))),
            "",
            Expected::Down(
                FailureKind::LabelLimit,
                format!(
                    "label_name_length_limit exceeded (metric: m, label name: {}, length: 513, limit: 512)",
                    "n".repeat(50)
                ),
            ),
        ),
        case(
            "more_series_than_allowed",
            Behaviour::text(&lines(0..20_001, |n| format!("m{{n=\"{n}\"}} 1\n"))),
            "sample_limit: 20000",
            down(
                FailureKind::SampleLimit,
                "sample limit exceeded (number of samples: 20001, limit: 20000; raise sample_limit)",
            ),
        ),
        case("odd_but_legal_numbers", text("a NaN\nb +Inf\nc -inf\nd 1e-400\ne -0\n"), "", Expected::Up(5)),
        case(
            "too_large_a_number",
            text("a 1\nb 1e309\n"),
            "",
            down(
                FailureKind::Parse,
                "strconv.ParseFloat: parsing \"1e309\": value out of range while parsing: \"b 1e309\"",
            ),
        ),
        case(
            "overlong_timestamp",
            text("a 1 99999999999999999999\n"),
            "",
            down(
                FailureKind::Parse,
                "strconv.ParseInt: parsing \"99999999999999999999\": value out of range while parsing: \"a 1 99999999999999999999\"",
            ),
        ),
        case(
            "invalid_utf8",
            Behaviour::text(b"a{b=\"\xff\"} 1\n"),
            "",
            down(FailureKind::Parse, "invalid UTF-8 label value: \"\\\"\\xff\\\"\""),
        ),
        case(
            "a_page",
            Behaviour::Whole(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\n<!DOCTYPE html><p>Hi</p>\r\n".to_vec()),
            "",
            down(
                FailureKind::Parse,
                "expected a valid start token, got \"<\" (\"INVALID\") while parsing: \"<\" (target returned text/html, wrong path?)",
            ),
        ),
        case(
            "chunked_garbage",
            Behaviour::Whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n".to_vec()),
            "",
            down(FailureKind::Fetch, "malformed HTTP body: Invalid chunk size line: missing size digit"),
        ),
        case(
            "not_http",
            Behaviour::Whole(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
            "",
            down(FailureKind::Fetch, "Get \"URL\": malformed HTTP response: invalid HTTP version parsed"),
        ),
        case(
            "closes_within_the_body",
            Behaviour::Whole(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nm 1\n".to_vec()),
            "",
            down(FailureKind::Fetch, "unexpected EOF"),
        ),
        case("closes_at_once", Behaviour::Whole(Vec::new()), "", down(FailureKind::Fetch, "Get \"URL\": EOF")),
        case(
            "says_no",
            Behaviour::Whole(b"HTTP/1.1 503 Too Busy\r\nContent-Length: 0\r\n\r\n".to_vec()),
            "",
            down(FailureKind::Status, "server returned HTTP status 503 Too Busy"),
        ),
        case(
            "redirects_to_itself",
            Behaviour::Redirect("/metrics".to_owned()),
            "",
            down(FailureKind::Fetch, "Get \"URL\": stopped after 10 redirects"),
        ),
        case(
            "redirects_but_is_not_to_be_followed",
            Behaviour::Redirect("/metrics".to_owned()),
            "follow_redirects: false",
            down(FailureKind::Status, "server returned HTTP status 302 Found"),
        ),
    ]
}

/// Everything that hostile targets may cost in memory, all together.
const MAX_GROWTH_KIB: u64 = 128 << 10;
/// The same where two of them fill a body of the default limit at the same moment; and what their servers hold, which are here.
const MAX_MOMENT_KIB: u64 = (2 * 64 + 32) << 10;
/// Tests that look at memory or time stand alone.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_costs_its_own_scrape_and_says_why() {
    let _alone = ALONE.lock().await;
    let scraper = Arc::new(new_scraper());
    let (scraper, store) = (&scraper.0, &scraper.1);
    // Something that is fine stands beside them all the time.
    let fine = Server::start(Behaviour::text(b"fine 1\n")).await;
    let mut settings = vec![pool("fine", fine.address, "")];
    let mut servers = Vec::new();
    let cases = cases();
    for case in &cases {
        let server = Server::start(case.behaviour.clone()).await;
        settings.push(pool(case.name, server.address, case.config));
        servers.push(server);
    }
    let before_kib = peak_memory_kib();
    scraper.apply(settings);
    for (case, server) in cases.iter().zip(&servers) {
        check(scraper, store, case, server).await;
    }
    let fine = outcome(scraper, "fine").await;
    assert_eq!((fine.last_error, fine.n_samples), (None, 1));
    let n_scrapes: u64 = FailureKind::ALL.map(|kind| scraper.metrics().n_failed(kind)).iter().sum();
    assert!(n_scrapes >= cases.len() as u64 - 1, "{n_scrapes} failures counted");
    let grown_kib = peak_memory_kib().saturating_sub(before_kib);
    assert!(grown_kib < MAX_MOMENT_KIB, "grown by {grown_kib} KiB");
    assert!(scraper.shut_down(PATIENCE).await);
}

async fn check(scraper: &Scraper, store: &Store, case: &Case, server: &Server) {
    let name = case.name;
    let state = outcome(scraper, name).await;
    let up = store.ups.lock().get(name).copied();
    match &case.expected {
        Expected::Up(n_samples) => {
            assert_eq!((up, state.last_error, state.n_samples), (Some(1.0), None, *n_samples), "{name}");
        }
        Expected::Down(kind, error) => {
            let url = format!("http://{}/metrics", server.address);
            assert_eq!(state.last_error, Some(error.replace("URL", &url)), "{name}");
            assert_eq!(up, Some(0.0), "{name}");
            assert!(scraper.metrics().n_failed(*kind) > 0, "{name}: {kind:?} not counted");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let _alone = ALONE.lock().await;
    let (scraper, _store) = new_scraper();
    let elsewhere = Server::start(Behaviour::text(b"m 1\n")).await;
    let location = format!("http://localhost:{}/metrics", elsewhere.address.port());
    let server = Server::start(Behaviour::Redirect(location)).await;
    scraper.apply(vec![pool("j", server.address, "basic_auth: {username: u, password: secret}")]);
    let state = outcome(&scraper, "j").await;
    assert_eq!((state.last_error, state.n_samples), (None, 1));
    assert!(server.heads()[0].contains("authorization: Basic"), "{:?}", server.heads());
    let at_the_other = elsewhere.heads();
    assert!(!at_the_other.is_empty() && !at_the_other[0].contains("authorization"), "{at_the_other:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_say_who_asks_for_what() {
    let _alone = ALONE.lock().await;
    let (scraper, _store) = new_scraper();
    let server = Server::start(Behaviour::text(b"m 1\n")).await;
    scraper.apply(vec![pool("j", server.address, "params: {match: [a b]}\nhttp_headers: {X-Team: {values: [blue]}}")]);
    let state = outcome(&scraper, "j").await;
    assert_eq!(state.last_error, None);
    let head = server.heads().remove(0);
    assert!(head.starts_with("GET /metrics?match=a+b HTTP/1.1\r\n"), "{head}");
    for line in [
        "accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,",
        "accept-encoding: gzip",
        "x-prometheus-scrape-timeout-seconds: 2",
        "user-agent: narthex/",
        "x-team: blue",
    ] {
        assert!(head.contains(line), "{line} is missing in {head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_may_be_behind_a_unix_socket() {
    let _alone = ALONE.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("exporter.sock");
    let server = Server::start_behind(&socket, Behaviour::text(b"m 1\n"));
    let (scraper, _store) = new_scraper();
    let rule = format!("relabel_configs: [{{target_label: __unix_socket__, replacement: '{}'}}]", socket.display());
    scraper.apply(vec![pool("j", server.address, &rule)]);
    let state = outcome(&scraper, "j").await;
    assert_eq!((state.last_error, state.n_samples), (None, 1));
    assert!(server.heads()[0].contains("host: 127.0.0.1:9"), "{:?}", server.heads());
}

/// Targets that are fine, beside those that are not.
const N_OTHERS: usize = 1000;
/// Scraping them is watched for so long: before, while and after there are hostile ones.
const WATCHED: Duration = Duration::from_secs(5);
/// Lateness up to this is none: the noise of a machine that does other things, too.
const ON_TIME_SECONDS: f64 = 0.25;
/// How often that is done where something else may have been to blame.
const N_WATCHES: usize = 6;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_others_are_scraped_in_time() {
    let _alone = ALONE.lock().await;
    let (scraper, _store) = new_scraper();
    let fine = Server::start(Behaviour::text(b"fine 1\n")).await;
    let others = || pool_of("others", &groups(fine.address, N_OTHERS), "");
    let mut servers = Vec::new();
    let cases = cases();
    for case in &cases {
        servers.push(Server::start(case.behaviour.clone()).await);
    }
    let beside = || cases.iter().zip(&servers).map(|(case, server)| pool(case.name, server.address, case.config));
    scraper.apply(vec![others()]);
    p99_lateness_seconds(&scraper).await;
    let before_kib = peak_memory_kib();
    let mut seen = Vec::new();
    while seen.len() < N_WATCHES {
        let calm_before = p99_lateness_seconds(&scraper).await;
        forget_peak_memory();
        scraper.apply(beside().chain([others()]).collect());
        let beside_hostile = p99_lateness_seconds(&scraper).await;
        let grown_kib = peak_memory_kib().saturating_sub(before_kib);
        scraper.apply(vec![others()]);
        let calm = p99_lateness_seconds(&scraper).await.max(calm_before);
        println!("p99 of lateness: {calm} s, beside hostile targets {beside_hostile} s; grown by {grown_kib} KiB");
        assert!(grown_kib < MAX_MOMENT_KIB, "grown by {grown_kib} KiB");
        if beside_hostile <= (calm * 1.2).max(ON_TIME_SECONDS) && grown_kib < MAX_GROWTH_KIB {
            break;
        }
        seen.push((calm, beside_hostile, grown_kib));
    }
    // Where the others alone are late, the machine is busy with something else, and nothing can be said.
    let is_too_busy = seen.iter().all(|(calm, _, grown_kib)| *calm > ON_TIME_SECONDS && *grown_kib < MAX_GROWTH_KIB);
    assert!(seen.len() < N_WATCHES || is_too_busy, "lateness without and beside hostile targets, and KiB: {seen:?}");
    let others_are_fine = async {
        loop {
            let status = scraper.pool_status("others").unwrap();
            assert_eq!(status.active.len(), N_OTHERS);
            let is_fine = |state: &TargetState| state.last_error.is_none() && state.n_samples == 1;
            if status.active.iter().all(|target| is_fine(&target.state)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, others_are_fine).await.expect("the others are fine");
    assert!(scraper.shut_down(PATIENCE).await);
}

/// The lateness that one in a hundred scrapes exceeds, over some seconds from now and as many scrapes as there are others.
async fn p99_lateness_seconds(scraper: &Scraper) -> f64 {
    let before = scraper.metrics().lateness.buckets();
    let since = || {
        let after = scraper.metrics().lateness.buckets();
        before.iter().zip(&after).map(|(before, after)| (after.0, after.1 - before.1)).collect::<Vec<(f64, u64)>>()
    };
    tokio::time::sleep(WATCHED).await;
    let enough = async {
        while (since().last().unwrap().1 as usize) < N_OTHERS {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, enough).await.expect("the others are scraped");
    let counts = since();
    let total = counts.last().unwrap().1;
    counts.iter().find(|(_, count)| count * 100 >= total * 99).unwrap().0
}

/// Many targets on one server.
fn groups(address: SocketAddr, n_targets: usize) -> String {
    (0..n_targets).map(|n| format!("- {{targets: ['{address}'], labels: {{__param_n: '{n}', n: '{n}'}}}}\n")).collect()
}

fn new_scraper() -> (Scraper, Arc<Store>) {
    let store = Arc::new(Store::default());
    let appender: Arc<dyn Append> = store.clone();
    (
        Scraper::new(
            tokio::runtime::Handle::current(),
            appender,
            Arc::new(SystemClock::new()),
            &mut SeededRng::new(1),
            0,
        ),
        store,
    )
}

/// A job that scrapes one address every two seconds.
fn pool(job: &str, address: SocketAddr, lines: &str) -> PoolSettings {
    pool_of(job, &format!("- {{targets: ['{address}']}}\n"), lines)
}

/// A job that scrapes the targets of some groups every two seconds.
fn pool_of(job: &str, groups: &str, lines: &str) -> PoolSettings {
    let timeout = if lines.contains("scrape_timeout") { "" } else { "scrape_timeout: 2s\n" };
    let text = format!("job_name: {job}\nscrape_interval: 2s\n{timeout}{lines}\nstatic_configs:\n{groups}");
    let (config, problems) = model::yaml::Document::parse(&text).unwrap().read::<ScrapeConfig>();
    assert!(problems.is_empty(), "{problems:?}");
    let mut config = config.unwrap();
    config.fill(&Inherited::default());
    PoolSettings::new(config, Features::default()).unwrap()
}

/// How the first scrape of a job went.
async fn outcome(scraper: &Scraper, job: &str) -> TargetState {
    loop {
        let status = scraper.pool_status(job).unwrap();
        match status.active.into_iter().next() {
            Some(target) if !target.state.past.is_empty() => return target.state,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// From now on, the most memory is what will be.
#[expect(clippy::disallowed_methods, reason = "a file of the kernel's, which is no storage")]
fn forget_peak_memory() {
    // Where the kernel does not know how, it stays what it was.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process has had.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
