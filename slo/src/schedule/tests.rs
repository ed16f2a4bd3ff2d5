//! Reports that fall due, over kills, power cuts and servers that take nothing; and the mails of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use alerting::config::{EmailConfig, GlobalConfig, HostPort};
use alerting::receivers::SealedMail;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::testkit::MemoryDisk;
use model::Clock;

use super::*;
use crate::budget::testkit::{Bench, HOUR_MS, MINUTE_MS, catalog, composition, objective, product};
use crate::report::{Delivery, Language};
use crate::spec::{At, Catalog, CompositionMethod, Every, ReportSchedule, SourcePlace};

const HOSTILE: &str = "<script>alert('x')</script>\u{202e}\r\nBcc: all@example.org";

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn shown(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap().to_string()
}

#[derive(Debug, Default)]
struct Told(AtomicI64);

impl Clock for Told {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fn weekly() -> ReportSchedule {
    ReportSchedule {
        name: "weekly".to_owned(),
        product: "shop".to_owned(),
        every: Every::Week,
        at: At::of("Mon 09:00", Every::Week).unwrap(),
        zone: TimeZone::UTC,
        language: None,
        formats: vec!["html".to_owned(), "png".to_owned(), "json".to_owned()],
        to: vec!["李雷 <li.lei@example.org>".to_owned(), "team@example.org".to_owned()],
        source: SourcePlace::default(),
    }
}

fn with(schedules: &[ReportSchedule]) -> Catalog {
    let mut catalog = Catalog::default();
    catalog.report_schedules.extend(schedules.iter().map(|one| (one.name.clone(), one.clone())));
    catalog
}

fn config() -> EmailConfig {
    let global = GlobalConfig {
        smtp_from: "narthex@example.org".to_owned(),
        smtp_smarthost: HostPort { host: "mail.example.org".to_owned(), port: "587".to_owned() },
        ..GlobalConfig::default()
    };
    EmailConfig::of_global(&global).unwrap()
}

fn mail(subject: &str) -> SealedMail {
    let mail = alerting::receivers::Mail {
        id: "report-weekly".to_owned(),
        to: vec!["team@example.org".to_owned()],
        subject: subject.to_owned(),
        ..alerting::receivers::Mail::default()
    };
    mail.sealed(&config()).unwrap()
}

/// An outbox, its disk and its clock.
struct Post {
    clock: Arc<Told>,
    disk: MemoryDisk,
    outbox: Outbox,
}

impl Post {
    fn open(disk: MemoryDisk, now: &str) -> Post {
        let clock = Arc::new(Told::default());
        clock.0.store(ms(now), Ordering::Relaxed);
        let dir = Path::new("data/slo/reports").to_owned();
        // Each run has a salt of its own.
        let salt = ms(now) as u32;
        let options = OutboxOptions { disk: Arc::new(disk.clone()), dir, salt, clock: Arc::clone(&clock) as _ };
        let (outbox, n_damaged) = Outbox::open(options).unwrap();
        assert_eq!(n_damaged, 0);
        Post { clock, disk, outbox }
    }

    /// A new schedule, and the report that falls due.
    fn with_report(now: &str, due: &str) -> (Post, Catalog, DueReport) {
        let (post, catalog) = (Post::open(MemoryDisk::new(), now), with(&[weekly()]));
        post.outbox.apply(&catalog).unwrap();
        assert_eq!(post.outbox.due(&catalog), []);
        post.at(due);
        let report = post.outbox.due(&catalog).remove(0);
        (post, catalog, report)
    }

    fn at(&self, now: &str) {
        self.clock.0.store(ms(now), Ordering::Relaxed);
    }

    /// Another run with the same disk.
    fn killed(self, now: &str) -> Post {
        let disk = self.disk.copy();
        drop(self.outbox);
        Post::open(disk, now)
    }

    /// What is due: its period, and those that were missed.
    fn due(&self, catalog: &Catalog) -> Vec<(String, Vec<String>)> {
        self.outbox.due(catalog).into_iter().map(|report| (report.due.period, report.missed)).collect()
    }

    fn waiting(&self) -> Vec<(String, String)> {
        self.outbox.outgoing().into_iter().map(|one| (one.id, one.mail.as_str().to_owned())).collect()
    }
}

#[test]
fn a_report_is_due_once_and_its_mail_is_the_same_after_a_kill() {
    let (post, catalog, report) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    assert_eq!((report.due.period.as_str(), report.missed.len()), ("2026-W48", 0));
    assert_eq!(report.id(), "report-weekly-2026-W48");
    let sealed = mail("first");
    post.outbox.put(&report, sealed.clone()).unwrap();
    assert_eq!(post.due(&catalog), []);
    let want = [("report-weekly-2026-W48".to_owned(), sealed.as_str().to_owned())];
    assert_eq!(post.waiting(), want);
    let post = post.killed("2026-11-30T09:30:00Z");
    post.outbox.apply(&catalog).unwrap();
    assert_eq!((post.due(&catalog), post.waiting()), (Vec::new(), want.to_vec()));
    post.outbox.sent("report-weekly-2026-W48").unwrap();
    assert_eq!(post.outbox.counts(), OutboxCounts { n_sent: 1, ..OutboxCounts::default() });
    let post = post.killed("2026-12-01T00:00:00Z");
    post.outbox.apply(&catalog).unwrap();
    assert_eq!((post.due(&catalog), post.waiting()), (Vec::new(), Vec::new()));
    assert_eq!(post.outbox.next_ms(&catalog).map(shown).as_deref(), Some("2026-12-07T09:00:00Z"));
}

#[test]
fn a_schedule_says_when_it_sends_to_whom_and_what_is_in_its_way() {
    let (post, catalog, report) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    let standing = || post.outbox.schedules(&catalog, Language::Chinese).remove(0);
    let next = standing().next.unwrap();
    assert_eq!((shown(next.due.0).as_str(), next.period.as_str()), ("2026-12-07T09:00:00Z", "2026-W49"));
    assert_eq!((standing().error, standing().waiting, standing().language), (None, Vec::new(), Language::Chinese));
    post.outbox.hindered(Some("no mail server"));
    assert_eq!(standing().error.as_deref(), Some("no mail server"));
    assert!(post.outbox.not_written("weekly", "no picture") && !post.outbox.not_written("weekly", "no picture"));
    assert_eq!(standing().error.as_deref(), Some("no picture"));
    post.outbox.hindered(None);
    post.outbox.put(&report, mail("first")).unwrap();
    let waiting = standing().waiting.remove(0);
    assert_eq!((standing().error, waiting.error, waiting.again), (None, None, None));
    assert_eq!(post.outbox.schedules(&with(&[]), Language::English), []);
}

#[test]
fn what_is_put_survives_a_power_cut() {
    let (post, _, report) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    post.outbox.put(&report, mail("first")).unwrap();
    let disk = post.disk.after_power_cut(|| false);
    let post = Post::open(disk, "2026-11-30T09:30:00Z");
    assert_eq!(post.waiting().len(), 1);
}

#[test]
fn of_several_that_fell_due_while_narthex_did_not_run_the_newest_is_sent() {
    let (post, catalog, _) = Post::with_report("2026-11-12T12:00:00Z", "2026-11-16T09:00:00Z");
    let post = post.killed("2026-12-01T00:00:00Z");
    post.outbox.apply(&catalog).unwrap();
    let missed = ["2026-W46", "2026-W47"].map(ToOwned::to_owned).to_vec();
    assert_eq!(post.due(&catalog), [("2026-W48".to_owned(), missed)]);
    let report = post.outbox.due(&catalog).remove(0);
    post.outbox.put(&report, mail("newest")).unwrap();
    assert_eq!(post.outbox.counts(), OutboxCounts { n_failed: 2, n_waiting: 1, ..OutboxCounts::default() });
}

#[test]
fn other_times_and_new_schedules_look_ahead() {
    let (post, _, _) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    let moved = with(&[ReportSchedule { at: At::of("Mon 08:00", Every::Week).unwrap(), ..weekly() }]);
    post.outbox.apply(&moved).unwrap();
    assert_eq!(post.due(&moved), []);
    // Gone and written again, it is new. Where not all can be read, it may only be among what cannot.
    post.outbox.apply(&with(&[])).unwrap();
    post.at("2026-12-08T00:00:00Z");
    post.outbox.apply(&moved).unwrap();
    assert_eq!(post.due(&moved), []);
    post.at("2026-12-15T00:00:00Z");
    let broken = Catalog { errors: vec![fault()], ..Catalog::default() };
    post.outbox.apply(&broken).unwrap();
    post.outbox.apply(&moved).unwrap();
    assert_eq!(post.due(&moved).len(), 1);
}

fn fault() -> crate::spec::SpecFault {
    crate::spec::SpecFault { place: SourcePlace::default(), object: None, message: String::new(), drawn: String::new() }
}

#[test]
fn what_no_server_takes_is_tried_again_ever_later_until_the_next_is_due() {
    let (post, catalog, report) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    post.outbox.put(&report, mail("first")).unwrap();
    let mut waits = Vec::new();
    for _ in 0..9 {
        let now_ms = post.clock.now_ms();
        let again_ms = post.outbox.not_sent("report-weekly-2026-W48", "421 busy", true).unwrap().unwrap();
        assert_eq!(post.waiting(), []);
        waits.push((again_ms - now_ms) / 1000);
        post.at(&shown(again_ms));
        assert_eq!((post.waiting().len(), post.outbox.next_ms(&catalog)), (1, Some(again_ms)));
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    let waiting = post.outbox.schedules(&catalog, Language::English).remove(0).waiting.remove(0);
    let (period, again_ms) = (waiting.period.as_str(), waiting.again.map(|at| at.0));
    assert_eq!((period, waiting.error.as_deref(), again_ms), ("2026-W48", Some("421 busy"), Some(post.clock.now_ms())));
    post.at("2026-12-07T08:30:00Z");
    assert_eq!(post.outbox.not_sent("report-weekly-2026-W48", "421 busy", true).unwrap(), None);
    assert_eq!(post.outbox.counts(), OutboxCounts { n_failed: 1, ..OutboxCounts::default() });
    assert_eq!(post.killed("2026-12-07T08:40:00Z").waiting(), []);
}

#[test]
fn what_the_server_refuses_is_given_up_and_so_is_what_is_too_old() {
    let (post, _, report) = Post::with_report("2026-11-27T12:00:00Z", "2026-11-30T09:00:00Z");
    post.outbox.put(&report, mail("first")).unwrap();
    assert_eq!(post.outbox.not_sent("report-weekly-2026-W48", "421 busy", false).unwrap(), None);
    assert_eq!(post.waiting(), []);
    post.outbox.put(&report, mail("first")).unwrap();
    assert_eq!(post.outbox.expire().unwrap(), []);
    let post = post.killed("2026-12-07T09:00:00Z");
    let periods: Vec<String> = post.outbox.expire().unwrap().into_iter().map(|one| one.period).collect();
    assert_eq!((periods, post.waiting()), (vec!["2026-W48".to_owned()], Vec::new()));
}

/// A shop with an hour in which nothing worked, and the mail of its week.
fn written_mail(language: Option<Language>) -> alerting::receivers::Mail {
    let (begin_ms, end_ms) = (ms("2026-11-23T00:00:00Z"), ms("2026-11-30T09:00:00Z"));
    let bench = Bench::new(end_ms);
    for at_ms in (begin_ms..end_ms).step_by(10 * MINUTE_MS as usize).map(|at_ms| at_ms + MINUTE_MS) {
        let is_broken = (60..61).contains(&((at_ms - begin_ms) / HOUR_MS));
        bench.history.count("orders", at_ms, if is_broken { 60.0 } else { 0.0 }, 1000.0);
    }
    let mut orders = objective("orders", "99.9");
    orders.title = "Orders are taken".to_owned();
    let mut shop = product("shop", Some("99.9"), composition(CompositionMethod::Events, &[("orders", 1.0)]));
    shop.title = HOSTILE.to_owned();
    bench.apply(catalog(vec![orders], vec![shop]));
    let schedule = ReportSchedule { language, ..weekly() };
    let due = DueReport { due: schedule.last(end_ms).unwrap(), schedule, missed: Vec::new() };
    written(&due, &bench.budgets, |_, _| Delivery::default(), end_ms).unwrap()
}

/// Puts a mail where people look at it.
#[expect(clippy::disallowed_methods, reason = "pictures for people, of a test")]
fn show(name: &str, mail: &alerting::receivers::Mail) {
    let Some(directory) = std::env::var_os("NARTHEX_PICTURES") else { return };
    let picture = format!("report-{name}.png");
    let html = mail.html.replace("cid:burndown.png", &picture);
    std::fs::write(Path::new(&directory).join(format!("report-{name}.html")), html).unwrap();
    std::fs::write(Path::new(&directory).join(picture), &mail.pictures[0].bytes).unwrap();
}

#[test]
fn a_mail_answers_what_a_report_answers() {
    let mail = written_mail(None);
    // 1008 times 1000 events allow 1008 bad ones; 360 there were.
    assert!(mail.subject.starts_with("✓ kept · <script>"), "{}", mail.subject);
    assert!(mail.subject.ends_with("budget left: 64 % · week 48 of 2026"), "{}", mail.subject);
    for part in [&mail.text, &mail.html] {
        for said in ["Was the promise kept?", "May we release?", "Orders are taken", "99.964 %", "360", "64 %"] {
            assert!(part.contains(said), "{said}: {part}");
        }
        let url = ["&", "&amp;"]
            .map(|and| format!("http://narthex/api/v1/reports/shop?period=2026-W48{and}zone=UTC{and}lang=en"));
        assert!(url.iter().any(|url| part.contains(url.as_str())), "{part}");
    }
    assert!(!mail.html.contains("<script>"));
    assert_eq!(mail.html.matches("cid:burndown.png").count(), 1);
    assert!(mail.pictures[0].bytes.starts_with(b"\x89PNG") && mail.pictures[0].bytes.len() < 60 << 10);
    let names: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["shop-2026-W48.html", "shop-2026-W48.png", "shop-2026-W48.json"]);
    show("english", &mail);
    let chinese = written_mail(Some(Language::Chinese));
    show("chinese", &chinese);
    assert!(chinese.subject.starts_with("✓ 履行 · "), "{}", chinese.subject);
    assert!(chinese.text.contains("承诺履行了吗？") && chinese.html.contains("lang=\"zh-CN\""));
}

#[test]
fn a_mail_is_sealed_with_one_head() {
    let sealed = written_mail(None).sealed(&config()).unwrap();
    let (head, body) = sealed.as_str().split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let mut names: Vec<&str> = lines.map(|line| line.split_once(':').unwrap().0).collect();
    names.sort_unstable();
    let want = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"];
    assert_eq!(names, want);
    assert!(head.contains("Message-Id: <report-weekly-2026-W48@example.org>"), "{head}");
    assert!(head.contains("Mon, 30 Nov 2026 09:00:00"), "{head}");
    for part in ["multipart/alternative", "multipart/related", "text/plain", "Content-ID: <burndown.png>", "attachment"]
    {
        assert!(body.contains(part), "{part}");
    }
}
