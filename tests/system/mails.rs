//! Mails of the real process, to a real mail server, over kills: reports on schedule, and pages that show the budget.
//!
//! What is promised: no mail is lost, and none is sent twice unless narthex is killed between the server's yes and its note of it;
//! the second is the same then, a report to the byte. `NARTHEX_KILLS` says how often it is killed at any moment (default 5), and
//! `NARTHEX_PICTURES` names a directory for mails to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use journal::OsDisk;
use model::rng::SeededRng;
use model::{Clock, Rng};
use slo::schedule::{Outbox, OutboxOptions};
use slo::spec::{At, Catalog, Every, ReportSchedule, SourcePlace};

use crate::budgets::{Shop, spec};
use crate::exporter::Exporter;
use crate::http;
use crate::mail_server::{Mail, MailServer};
use crate::narthex::{Narthex, free_address};
use crate::waiting::wait_until;

/// A schedule in UTC: its name, when, and more of its spec.
type Schedule<'s> = (&'s str, &'s str, &'s str);

fn configure(dir: &Path, shop: &Exporter, server: &MailServer, language: &str, schedules: &[Schedule<'_>]) {
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         narthex: {{alertmanager_config_file: alertmanager.yml, slo_files: [slo.yml], self_alerts: false, language: {language}}}\n\
         scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{}']}}]\n",
        shop.address
    );
    let alertmanager = format!(
        "global: {{smtp_smarthost: '127.0.0.1:{}', smtp_from: narthex@example.org, smtp_require_tls: false}}\n\
         route: {{receiver: team, group_by: [slo], group_wait: 300ms, group_interval: 1h, repeat_interval: 2h}}\n\
         receivers: [{{name: team, email_configs: [{{to: oncall@example.org}}]}}]\n",
        server.port
    );
    std::fs::write(dir.join("prometheus.yml"), prometheus).unwrap();
    std::fs::write(dir.join("alertmanager.yml"), alertmanager).unwrap();
    write_schedules(dir, schedules);
}

fn write_schedules(dir: &Path, schedules: &[Schedule<'_>]) {
    let document = |(name, at, more): &Schedule<'_>| {
        format!(
            "---\napiVersion: narthex/v1\nkind: ReportSchedule\nmetadata: {{name: {name}}}\n\
             spec: {{product: checkout, every: week, at: \"{at}\", to: [team@example.org]{more}}}\n"
        )
    };
    let documents: String = schedules.iter().map(document).collect();
    std::fs::write(dir.join("slo.yml"), spec() + &documents).unwrap();
}

/// `Thu 09:00`, of so many days ago.
fn days_ago(n_days: i64) -> String {
    (Timestamp::now().to_zoned(TimeZone::UTC) - n_days.days()).strftime("%a 09:00").to_string()
}

/// A clock that stands.
#[derive(Debug)]
struct Standing(i64);

impl Clock for Standing {
    fn now_ms(&self) -> i64 {
        self.0
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// Leaves behind what a run of eight days ago does: it knew the schedules. So each of them is due.
fn run_eight_days_ago(dir: &Path, schedules: &[Schedule<'_>]) {
    let options = OutboxOptions {
        disk: Arc::new(OsDisk),
        dir: dir.join("data/slo/reports"),
        salt: 1,
        clock: Arc::new(Standing(Timestamp::now().as_millisecond() - 8 * 86_400_000)),
    };
    let mut catalog = Catalog::default();
    catalog.report_schedules.extend(schedules.iter().map(|(name, at, _)| {
        let schedule = ReportSchedule {
            name: (*name).to_owned(),
            product: "checkout".to_owned(),
            every: Every::Week,
            at: At::of(at, Every::Week).unwrap(),
            zone: TimeZone::UTC,
            language: None,
            formats: Vec::new(),
            to: Vec::new(),
            source: SourcePlace::default(),
        };
        (schedule.name.clone(), schedule)
    }));
    let (outbox, _) = Outbox::open(options).unwrap();
    outbox.apply(&catalog).unwrap();
}

/// A value of `/metrics`.
fn metric(narthex: &Narthex, name: &str) -> f64 {
    let metrics = http::get(narthex.address, "/metrics").unwrap().text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

fn wait_for_metric(narthex: &Narthex, name: &str, value: f64) {
    wait_until(&format!("{name} is {value}"), || metric(narthex, name) == value);
}

/// What is the same in mails of one id: of reports all of it, of pages the words; their pictures are drawn again.
fn same(mail: &Mail) -> (&str, &str, Vec<&str>) {
    let pictures = mail.pictures.keys().map(String::as_str).collect();
    if is_report(mail) { (&mail.mail, "", pictures) } else { (&mail.text, &mail.html, pictures) }
}

/// Mails by their ids: how often the server took each. All of an id are the same.
fn taken(came: &[Mail]) -> BTreeMap<&str, usize> {
    let mut first = BTreeMap::new();
    let mut taken = BTreeMap::new();
    for mail in came {
        let (first, again) = (same(first.entry(&mail.id).or_insert(mail)), same(mail));
        assert!(first == again, "{}: {first:?} is not {again:?}", mail.id);
        *taken.entry(mail.id.as_str()).or_default() += usize::from(mail.is_taken);
    }
    taken
}

fn is_report(mail: &Mail) -> bool {
    mail.id.starts_with("<report-")
}

/// Puts a mail where people look at it.
fn show(name: &str, mail: &Mail) {
    let Some(directory) = std::env::var_os("NARTHEX_PICTURES") else { return };
    let pictures = mail.pictures.iter().fold(mail.html.clone(), |html, (id, picture)| {
        html.replace(&format!("cid:{}", id.trim_matches(['<', '>'])), &format!("data:image/png;base64,{picture}"))
    });
    std::fs::write(Path::new(&directory).join(format!("{name}.html")), pictures).unwrap();
    std::fs::write(Path::new(&directory).join(format!("{name}.txt")), &mail.text).unwrap();
}

fn check_is_png(picture: &str) {
    // `\x89PNG\r\n\x1a` in base64.
    assert!(picture.starts_with("iVBORw0KGg"), "{picture}");
}

#[test]
fn a_report_and_a_page_come_once_over_kills_and_hostile_answers() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = MailServer::start(dir.path()) else { return };
    let shop = Shop::default();
    let target = shop.open();
    let at = days_ago(3);
    let schedules =
        [("brief", at.as_str(), ""), ("whole", at.as_str(), ", language: zh-CN, formats: [html, png, json]")];
    configure(dir.path(), &target, &server, "en", &schedules);
    run_eight_days_ago(dir.path(), &schedules);
    let address = free_address();
    let start = || Narthex::start(dir.path(), address, &[]);
    // It says nothing: whether it has the mail nobody knows.
    server.answer("hang");
    let narthex = start();
    server.wait_until("a report comes", |came| came.iter().any(is_report));
    narthex.kill();
    // It has nothing, whatever it says.
    for answer in ["later", "drop", "flood"] {
        server.answer(answer);
        let narthex = start();
        server.wait_until("both come", |came| came.iter().filter(|mail| mail.answer == answer).count() >= 2);
        assert_eq!(metric(&narthex, "narthex_reports_waiting"), 2.0, "{answer}");
        narthex.kill();
    }
    // It has the first one, and narthex cannot know.
    server.answer("silent");
    let narthex = start();
    server.wait_until("one is taken", |came| came.iter().any(|mail| mail.answer == "silent"));
    narthex.kill();
    server.answer("take");
    let narthex = start();
    wait_for_metric(&narthex, "narthex_reports_sent_total", 2.0);
    narthex.kill();
    let taken_before = taken(&server.came()).values().sum::<usize>();
    assert_eq!(taken_before, 3, "both, and one of them twice: {:?}", taken(&server.came()));
    // They are sent. Then a budget burns.
    let narthex = start();
    wait_until("the shop has been scraped", || narthex.api("/api/v1/slos/orders")["coverage"].is_number());
    shop.sell(1000, 0);
    wait_until("1000 events are counted", || narthex.api("/api/v1/slos/orders")["total"] == 1000);
    server.answer("hang");
    shop.sell(950, 50);
    let is_page = |mail: &Mail| !is_report(mail);
    server.wait_until("a page comes", |came| came.iter().any(is_page));
    narthex.kill();
    server.answer("take");
    let narthex = start();
    server.wait_until("the page is taken", |came| came.iter().any(|mail| is_page(mail) && mail.is_taken));
    assert_eq!(metric(&narthex, "narthex_reports_waiting"), 0.0);
    assert_eq!(metric(&narthex, "narthex_reports_sent_total"), 0.0);
    let came = server.came();
    let taken = taken(&came);
    let n_reports = |mails: &BTreeMap<&str, usize>| mails.keys().filter(|id| id.starts_with("<report-")).count();
    assert_eq!((n_reports(&taken), taken.len()), (2, 3), "two reports and a page: {taken:?}");
    assert_eq!(taken.values().sum::<usize>(), taken_before + 1, "{taken:?}");
    let of = |start: &str| came.iter().find(|mail| mail.id.starts_with(start)).unwrap();
    check_report(of("<report-brief-"), "Was the promise kept?", 1);
    check_report(of("<report-whole-"), "承诺履行了吗？", 3);
    let page = came.iter().find(|mail| is_page(mail)).unwrap();
    check_page(page, "Error budget left: -");
    show("page-english", page);
}

fn check_report(mail: &Mail, words: &str, n_files: usize) {
    assert_eq!((&mail.defects[..], &mail.to[..]), (&[][..], &["team@example.org".to_owned()][..]));
    assert!(mail.text.contains(words) && mail.html.contains(words), "{}", mail.text);
    let page =
        ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"];
    let files = ["text/html", "image/png", "application/json"];
    let structure: Vec<&str> = page.into_iter().chain(files.into_iter().take(n_files)).collect();
    assert_eq!(mail.structure, structure);
    check_is_png(&mail.pictures["<burndown.png>"]);
    assert!(mail.html.contains("cid:burndown.png"));
}

fn check_page(mail: &Mail, left: &str) {
    assert_eq!((&mail.defects[..], &mail.to[..]), (&[][..], &["oncall@example.org".to_owned()][..]));
    assert!(mail.subject.starts_with(&format!("[FIRING:4] checkout orders · {left}")), "{}", mail.subject);
    let structure = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png"];
    assert_eq!(mail.structure, structure);
    let ids: Vec<&str> = mail.pictures.keys().map(String::as_str).collect();
    assert_eq!(ids, ["<budget.png>", "<chart.png>"]);
    for (id, picture) in &mail.pictures {
        check_is_png(picture);
        assert!(mail.html.contains(&format!("cid:{}", id.trim_matches(['<', '>']))), "{id}");
    }
}

#[test]
fn a_page_in_chinese_shows_the_budget() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = MailServer::start(dir.path()) else { return };
    let shop = Shop::default();
    let target = shop.open();
    configure(dir.path(), &target, &server, "zh-CN", &[]);
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    wait_until("the shop has been scraped", || narthex.api("/api/v1/slos/orders")["coverage"].is_number());
    shop.sell(1950, 50);
    server.wait_until("a page comes", |came| !came.is_empty());
    let page = server.came().remove(0);
    check_page(&page, "错误预算剩余：-");
    for said in ["错误预算的消耗速度是允许值的", "28d 内 99.9 % 的错误预算已超支"] {
        assert!(page.text.contains(said) && page.html.contains(said), "{said}: {}", page.text);
    }
    show("page-chinese", &page);
}

#[test]
fn killed_at_any_moment_every_report_comes_and_the_same_again_at_most() {
    let n_kills: u64 = std::env::var("NARTHEX_KILLS").map_or(5, |text| text.parse().unwrap());
    let seed = crate::seed();
    println!("{n_kills} kills, seed {seed}");
    let mut rng = SeededRng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = MailServer::start(dir.path()) else { return };
    let target = Shop::default().open();
    let names: Vec<String> = (0..12).map(|number| format!("team-{number}")).collect();
    let at = days_ago(3);
    let schedules: Vec<Schedule<'_>> = names.iter().map(|name| (name.as_str(), at.as_str(), "")).collect();
    configure(dir.path(), &target, &server, "en", &schedules);
    run_eight_days_ago(dir.path(), &schedules);
    server.answer("slow");
    let address = free_address();
    for _ in 0..n_kills {
        let narthex = Narthex::start(dir.path(), address, &[]);
        // At any moment on the way from what is due to the server's answer.
        std::thread::sleep(Duration::from_millis(rng.below(1500)));
        narthex.kill();
    }
    let narthex = Narthex::start(dir.path(), address, &[]);
    server.wait_until("all are taken", |came| taken(came).len() == names.len());
    wait_for_metric(&narthex, "narthex_reports_waiting", 0.0);
    let came = server.came();
    let taken = taken(&came);
    let ids: BTreeSet<String> = taken.keys().map(|id| id.rsplitn(3, '-').last().unwrap().to_owned()).collect();
    assert_eq!(ids, names.iter().map(|name| format!("<report-{name}")).collect());
    let n_more = taken.values().map(|n_times| n_times - 1).sum::<usize>();
    assert!(n_more as u64 <= n_kills, "{n_more} repetitions in {n_kills} kills: {taken:?}");
    println!("{} reports, {n_more} of them twice", taken.len());
}

#[test]
fn a_report_falls_due_while_narthex_runs() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = MailServer::start(dir.path()) else { return };
    let target = Shop::default().open();
    configure(dir.path(), &target, &server, "en", &[]);
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let due_s = (Timestamp::now().as_second() + 90) / 60 * 60;
    let due = Timestamp::from_second(due_s).unwrap().to_zoned(TimeZone::UTC);
    let at = due.strftime("%a %H:%M").to_string();
    write_schedules(dir.path(), &[("weekly", &at, "")]);
    narthex.signal("HUP");
    server.wait_until("the report comes", |came| !came.is_empty());
    assert!(Timestamp::now() >= due.timestamp());
    wait_for_metric(&narthex, "narthex_reports_sent_total", 1.0);
    let came = server.came();
    let period = (due - 7.days()).iso_week_date();
    assert_eq!(came[0].id, format!("<report-weekly-{}-W{:02}@example.org>", period.year(), period.week()));
    assert_eq!(came.len(), 1);
}
