//! Scrape loops, in a world where time passes only when everyone waits.

use std::time::Duration;

use model::duration::PromDuration;
use model::name::ValidationScheme;
use scrape::config::ScrapeConfig;
use scrape::scrape_loop::{FailureKind, Health};

use crate::world::{Answer, START_MS, World, rule, text};

#[tokio::test(start_paused = true)]
async fn samples_and_a_report_are_stored_each_interval() {
    let world = World::new();
    world.answers(&[text("m{x=\"1\"} 1\nn 2\n"), text("m{x=\"1\"} 3\nn 4\n")]);
    world.scrape(&["a:1"]);
    world.run(3).await;
    assert_eq!(world.stored("m{x=\"1\"}"), "0:1 1:3 2:3");
    assert_eq!(world.stored("n"), "0:2 1:4 2:4");
    assert_eq!(world.stored("up"), "0:1 1:1 2:1");
    assert_eq!(world.stored("scrape_samples_scraped"), "0:2 1:2 2:2");
    assert_eq!(world.stored("scrape_samples_post_metric_relabeling"), "0:2 1:2 2:2");
    assert_eq!(world.stored("scrape_series_added"), "0:2 1:0 2:0");
    assert_eq!(world.stored("scrape_duration_seconds"), "0:0 1:0 2:0");
    // Series are named to the store once, and all of a scrape is one batch.
    assert_eq!(world.n_resolved_and_commits(), (2 + 5, 3));
    assert_eq!(world.target().state.health, Health::Up);
}

#[tokio::test(start_paused = true)]
async fn what_disappears_is_marked_stale() {
    let world = World::new();
    world.answers(&[text("m 1\nn 2\no 3\n"), text("m 1\no 3\n"), text("p 1\no 3\n"), text("")]);
    world.scrape(&["a:1"]);
    world.run(5).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:stale");
    assert_eq!(world.stored("n"), "0:2 1:stale");
    assert_eq!(world.stored("o"), "0:3 1:3 2:3 3:stale");
    assert_eq!(world.stored("p"), "2:1 3:stale");
    assert_eq!(world.stored("up"), "0:1 1:1 2:1 3:1 4:1");
}

#[tokio::test(start_paused = true)]
async fn a_failure_marks_everything_stale_once() {
    let world = World::new();
    let good = text("m 1\nn 2\n");
    world.answers(&[good.clone(), Answer::Refused, Answer::Status("503 Service Unavailable"), text("m 1\n!\n"), good]);
    world.scrape(&["a:1"]);
    world.run(5).await;
    for series in ["m", "n"] {
        let value = if series == "m" { 1 } else { 2 };
        assert_eq!(world.stored(series), format!("0:{value} 1:stale 4:{value}"));
    }
    assert_eq!(world.stored("up"), "0:1 1:0 2:0 3:0 4:1");
    assert_eq!(world.stored("scrape_samples_scraped"), "0:2 1:0 2:0 3:1 4:2");
    // The lines are still known.
    assert_eq!(world.stored("scrape_series_added"), "0:2 1:0 2:0 3:0 4:0");
    let metrics = world.scraper.metrics();
    assert_eq!(metrics.n_ok(), 2);
    for kind in [FailureKind::Fetch, FailureKind::Status, FailureKind::Parse] {
        assert_eq!(metrics.n_failed(kind), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scrape_is_stored_whole_or_not_at_all() {
    let world = World::new();
    world.answers(&[text("m 1\nn 1\n"), text("m 2\nnew 2\nn x\n"), text("m 3\n")]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    assert_eq!(world.series(), ["m", "n"]);
    assert_eq!(world.stored("m"), "0:1 1:stale");
    assert_eq!(world.last_error(), "strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"n x\"");
    world.run(1).await;
    assert_eq!(world.stored("m"), "0:1 1:stale 2:3");
    assert_eq!(world.stored("n"), "0:1 1:stale");
}

#[tokio::test(start_paused = true)]
async fn a_silent_target_is_given_up_on() {
    let world = World::new();
    world.answers(&[Answer::Silence]);
    world.scrape(&["a:1"]);
    world.run(3).await;
    assert_eq!(world.stored("up"), "0:0 1:0");
    assert_eq!(world.last_error(), "Get \"http://a:1/metrics\": context deadline exceeded");
    assert_eq!(world.stored("scrape_duration_seconds"), "0:10.5 1:10.5");
}

#[tokio::test(start_paused = true)]
async fn samples_with_times_of_their_own_get_no_markers() {
    let (now, later) = (START_MS, START_MS + 20_000);
    let world = World::new();
    let answers = [text(&format!("m 1 {now}\nn 2\n")), text(&format!("m 2 {later}\n")), text("")];
    world.answers(&answers);
    world.scrape(&["a:1"]);
    world.run(3).await;
    assert!(!world.stored("m").contains("stale"), "{}", world.stored("m"));
    assert_eq!(world.stored("m").matches(':').count(), 2);
    assert_eq!(world.stored("n"), "0:2 1:stale");

    let world = World::new();
    world.answers(&answers);
    let mut config = world.config(&["a:1"]);
    config.track_timestamps_staleness = true;
    world.apply(config);
    world.run(3).await;
    assert!(world.stored("m").ends_with(" 2:stale"), "{}", world.stored("m"));
}

#[tokio::test(start_paused = true)]
async fn times_of_targets_can_be_ignored() {
    let world = World::new();
    world.answers(&[text("m 1 1000\n")]);
    let mut config = world.config(&["a:1"]);
    config.honor_timestamps = false;
    world.apply(config);
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1");
}

#[tokio::test(start_paused = true)]
async fn late_and_double_samples_are_dropped_and_told() {
    let world = World::new();
    let (now, before) = (START_MS, START_MS - 1);
    world.answers(&[
        text(&format!("m 1 {now}\n")),
        text(&format!("m 2 {before}\nn 1\nn 2\n")),
        text(&format!("m 3 {now}\n")),
    ]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    assert_eq!(world.stored("n"), "1:1");
    assert_eq!(
        world.last_warning(),
        "1 samples dropped, the first: out of order sample: m; 1 samples dropped: their series stands twice, the first is n"
    );
    assert_eq!(world.stored("scrape_samples_scraped"), "0:1 1:3");
    assert_eq!(world.stored("scrape_samples_post_metric_relabeling"), "0:1 1:3");
    world.run(1).await;
    assert_eq!(world.last_warning(), "1 samples dropped, the first: duplicate sample for timestamp: m");
    assert_eq!(world.scraper.metrics().samples_out_of_order.get(), 1);
    assert_eq!(world.scraper.metrics().samples_duplicate.get(), 2);
    assert_eq!(world.stored("up"), "0:1 1:1 2:1");
}

#[tokio::test(start_paused = true)]
async fn labels_are_merged_relabelled_and_checked() {
    let world = World::new();
    world.answers(&[text("m{job=\"x\",a=\"1\"} 1\ndropped 1\nkept{b=\"2\"} 1\n")]);
    let mut config = world.config(&["a:1"]);
    let rules =
        [rule("{source_labels: [__name__], regex: dropped, action: drop}"), rule("{regex: b, action: labeldrop}")];
    config.metric_relabel_configs = rules.to_vec();
    world.apply(config);
    world.run(2).await;
    assert_eq!(world.series(), ["kept", "m{a=\"1\", exported_job=\"x\"}"]);
    assert_eq!(world.stored("scrape_samples_scraped"), "0:3 1:3");
    assert_eq!(world.stored("scrape_samples_post_metric_relabeling"), "0:2 1:2");

    let world = World::new();
    world.answers(&[text("m 1\n{\"é.x\"} 2\n")]);
    let mut config = world.config(&["a:1"]);
    config.metric_name_validation_scheme = Some(ValidationScheme::Legacy);
    world.apply(config);
    world.run(1).await;
    assert_eq!(
        world.last_error(),
        "invalid metric name or label names: {__name__=\"é.x\", instance=\"a:1\", job=\"j\"}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_series_may_come_back_in_other_words() {
    let world = World::new();
    world.answers(&[
        text("m{a=\"1\",b=\"2\"} 1\n"),
        text("m{b=\"2\",a=\"1\"} 2\n"),
        text("m { b = \"2\" , a = \"1\" } 3\n"),
    ]);
    world.scrape(&["a:1"]);
    world.run(3).await;
    assert_eq!(world.stored("m{a=\"1\", b=\"2\"}"), "0:1 1:2 2:3");
}

#[tokio::test(start_paused = true)]
async fn limits_fail_the_scrape_and_say_why() {
    let check = async |set: fn(&mut ScrapeConfig), body: &str, kind: FailureKind, message: &str, reported: &str| {
        let world = World::new();
        world.answers(&[text("m 1\n"), text(body)]);
        let mut config = world.config(&["a:1"]);
        set(&mut config);
        world.apply(config);
        world.run(2).await;
        assert_eq!(world.last_error(), message);
        assert_eq!(world.stored("up"), "0:1 1:0", "{message}");
        assert_eq!(world.stored("m"), "0:1 1:stale", "{message}");
        assert_eq!(world.scraper.metrics().n_failed(kind), 1, "{message}");
        let counts = ["scrape_samples_scraped", "scrape_samples_post_metric_relabeling"].map(|name| world.stored(name));
        assert_eq!(counts.join(" "), reported, "{message}");
    };
    check(
        |config| config.sample_limit = Some(2),
        "m 1\nn 2\nm 3\no 4\np 5\n",
        FailureKind::SampleLimit,
        "sample limit exceeded (number of samples: 4, limit: 2; raise sample_limit)",
        "0:1 1:5 0:1 1:5",
    )
    .await;
    check(
        |config| config.label_limit = Some(4),
        "n{a=\"1\",b=\"2\"} 1\n",
        FailureKind::LabelLimit,
        "label_limit exceeded (metric: n, number of labels: 5, limit: 4)",
        "0:1 1:1 0:1 1:0",
    )
    .await;
    check(
        |config| config.label_value_length_limit = Some(5),
        "n{a=\"123456\"} 1\n",
        FailureKind::LabelLimit,
        "label_value_length_limit exceeded (metric: n, label name: a, value: \"123456\", length: 6, limit: 5)",
        "0:1 1:1 0:1 1:0",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn too_many_targets_are_not_scraped_at_all() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    let mut config = world.config(&["a:1", "b:1"]);
    config.target_limit = Some(1);
    world.apply(config);
    world.run(1).await;
    assert_eq!(world.last_error(), "target_limit exceeded (number of targets: 2, limit: 1)");
    assert!(world.requests().is_empty());
    assert_eq!(world.stored("up"), "0:0");
}

#[tokio::test(start_paused = true)]
async fn the_extra_report_is_written_on_demand() {
    let world = World::new();
    world.answers(&[text("m 1\n"), Answer::Refused, text("m 1\nm 2\nn 3\n")]);
    let mut config = world.config(&["a:1"]);
    config.extra_scrape_metrics = Some(true);
    config.sample_limit = Some(10);
    world.apply(config);
    world.run(3).await;
    assert_eq!(world.stored("scrape_timeout_seconds"), "0:10 1:10 2:10");
    assert_eq!(world.stored("scrape_sample_limit"), "0:10 1:10 2:10");
    assert_eq!(world.stored("scrape_body_size_bytes"), "0:4 1:0 2:12");
}

#[tokio::test(start_paused = true)]
async fn failed_scrapes_are_noted_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("failures.log");
    let world = World::new();
    world.answers(&[text("m 1\n"), Answer::Refused, text("m 1\n"), Answer::Status("503 Service Unavailable")]);
    let mut config = world.config(&["a:1"]);
    config.scrape_failure_log_file = file.display().to_string();
    world.apply(config);
    world.run(4).await;
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<_> = lines.iter().map(|line| line["msg"].as_str().unwrap()).collect();
    assert_eq!(messages, ["connection refused", "server returned HTTP status 503 Service Unavailable"]);
    assert!(lines.iter().all(|line| line["job_name"] == "j" && line["target"] == "http://a:1/metrics"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_leaves_gets_its_markers_after_two_missed_scrapes() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    world.scrape(&[]);
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1");
    world.run(1).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:stale");
    assert_eq!(world.stored("up"), "0:1 1:1 2:stale");
    assert_eq!(world.stored("scrape_series_added"), "0:1 1:0 2:stale");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_comes_back_goes_on() {
    let world = World::new();
    world.answers(&[text("m 1\nn 1\n"), text("m 2\nn 2\n"), text("m 3\n")]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    world.scrape(&[]);
    world.run(1).await;
    world.scrape(&["a:1"]);
    world.run(4).await;
    assert_eq!(world.stored("m"), "0:1 1:2 3:3 4:3 5:3 6:3");
    assert_eq!(world.stored("n"), "0:1 1:2 3:stale");
    assert_eq!(world.stored("up"), "0:1 1:1 3:1 4:1 5:1 6:1");
}

#[tokio::test(start_paused = true)]
async fn shutting_down_ends_all_series() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    assert!(world.scraper.shut_down(Duration::from_secs(5)).await);
    assert!(world.stored("m").ends_with("ms:stale"), "{}", world.stored("m"));
    assert!(world.stored("up").ends_with("ms:stale"), "{}", world.stored("up"));
    let before = world.stored("m");
    world.run(3).await;
    assert_eq!(world.stored("m"), before);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_does_not_wait_for_a_silent_target() {
    let world = World::new();
    world.answers(&[text("m 1\n"), Answer::Silence]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    let began = world.clock.0.elapsed();
    assert!(world.scraper.shut_down(Duration::from_secs(5)).await);
    assert!(world.clock.0.elapsed() - began < Duration::from_secs(1));
    assert!(world.stored("m").ends_with("ms:stale"), "{}", world.stored("m"));
}

#[tokio::test(start_paused = true)]
async fn a_reload_leaves_the_same_pools_alone() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    world.scrape(&["a:1"]);
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:1 3:1");
    assert_eq!(world.stored("scrape_series_added"), "0:1 1:0 2:0 3:0");
}

#[tokio::test(start_paused = true)]
async fn a_reload_with_other_settings_keeps_series_going() {
    let world = World::new();
    world.answers(&[text("m 1\nn 1\n")]);
    world.scrape(&["a:1"]);
    world.run(2).await;
    let n_resolved = world.n_resolved_and_commits().0;

    // The same series of the same lines: nothing is asked of the store but the report.
    let mut config = world.config(&["a:1"]);
    config.scrape_timeout = PromDuration::from_secs(5);
    world.apply(config);
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:1 3:1");
    assert_eq!(world.stored("scrape_series_added"), "0:2 1:0 2:0 3:0");
    assert_eq!(world.n_resolved_and_commits().0, n_resolved + 5);

    // Other series: those that are no more are ended.
    let mut config = world.config(&["a:1"]);
    let rules = [rule("{source_labels: [__name__], regex: n, action: drop}")];
    config.metric_relabel_configs = rules.to_vec();
    world.apply(config);
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:1 3:1 4:1 5:1");
    assert_eq!(world.stored("n"), "0:1 1:1 2:1 3:1 4:stale");
}

#[tokio::test(start_paused = true)]
async fn a_target_found_twice_is_scraped_once_and_dropped_ones_are_listed() {
    let world = World::new();
    let mut config = world.config(&["a:1", "a:1", "b:1", "c:1", "x/y"]);
    let rules = [rule("{source_labels: [__address__], regex: 'b:.*|c:.*', action: drop}")];
    config.relabel_configs = rules.to_vec();
    config.keep_dropped_targets = Some(1);
    world.apply(config);
    world.run(1).await;
    let status = world.scraper.pool_status("j").unwrap();
    assert_eq!(status.active.len(), 1);
    assert_eq!((status.dropped.len(), status.n_dropped), (1, 2));
    assert_eq!(status.dropped[0].discovered_labels.get("__address__"), Some("b:1"));
    assert_eq!(status.errors, ["instance 4 in group 0: \"x/y\" is not a valid hostname"]);
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_one_scrape() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    world.panic_once();
    world.run(1).await;
    assert_eq!(world.last_error(), "internal error, please report it: a bug in the store");
    assert_eq!(world.scraper.metrics().n_failed(FailureKind::Panic), 1);
    world.run(1).await;
    assert_eq!(world.stored("m"), "0:1 2:1");
    assert_eq!(world.stored("up"), "0:1 2:1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_is_told_and_forgiven() {
    let world = World::new();
    world.answers(&[text("m 1\n"), text("m 2\nn 2\n"), text("m 3\nn 3\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    world.fill(true);
    world.run(1).await;
    assert_eq!(world.last_warning(), "not stored: storage does not take writes: no space left on device");
    assert_eq!(world.scraper.metrics().append_failures.get(), 1);
    world.fill(false);
    world.run(1).await;
    assert_eq!(world.stored("m"), "0:1 2:3");
    assert_eq!(world.stored("n"), "2:3");
}

#[tokio::test(start_paused = true)]
async fn series_beyond_the_stores_limit_are_refused_and_tried_again() {
    let world = World::new();
    world.answers(&[text("m 1\nn 1\n"), text("m 1\nn 1\no 1\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    world.limit_series(Some(7));
    world.run(2).await;
    assert_eq!(world.stored("up"), "0:1 1:1 2:1");
    assert_eq!(
        world.last_warning(),
        "1 series not taken: too many series: limit 7 of head_series is reached by metric \"b\" (raised by narthex.limits.head_series)"
    );
    assert_eq!(world.stored("m"), "0:1 1:1 2:1");
    world.limit_series(None);
    world.run(1).await;
    assert_eq!(world.stored("o"), "3:1");
    assert_eq!(world.stored("scrape_series_added"), "0:2 1:0 2:0 3:1");
}

#[tokio::test(start_paused = true)]
async fn series_that_the_store_has_forgotten_are_named_again() {
    let world = World::new();
    world.answers(&[text("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nm 1\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    world.forget_series();
    world.run(2).await;
    assert_eq!(world.stored("m"), "0:1 1:1 2:1");
    assert_eq!(world.stored("h_bucket{le=\"1.0\"}"), "0:1 1:1 2:1");
    // The report misses the scrape in which that was found out.
    assert_eq!(world.stored("up"), "0:1 2:1");
}

#[tokio::test(start_paused = true)]
async fn the_request_says_what_is_wanted() {
    let world = World::new();
    world.answers(&[text("m 1\n")]);
    world.scrape(&["a:1"]);
    world.run(1).await;
    let request = &world.requests()[0];
    assert_eq!(request.url, "http://a:1/metrics");
    assert!(request.accept.starts_with("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"));
    assert_eq!((request.compression, request.timeout), (true, Duration::from_secs(10)));
    assert_eq!(request.body_limit, Some(64 << 20));
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_how_a_target_is_doing() {
    let world = World::new();
    world.answers(&[text("# HELP m What it is.\n# TYPE m counter\nm 1\n"), Answer::Refused]);
    world.scrape(&["a:1"]);
    world.run(70).await;
    let target = world.target();
    assert_eq!(target.labels.to_string(), "{instance=\"a:1\", job=\"j\"}");
    assert_eq!(target.discovered_labels.get("__scrape_interval__"), Some("15s"));
    assert_eq!(target.url, "http://a:1/metrics");
    assert_eq!(target.state.health, Health::Down);
    assert_eq!(target.state.past.len(), 60);
    assert!(target.state.past.iter().all(|scrape| !scrape.ok));
    assert_eq!(target.metadata.get("m").unwrap().help, "What it is.");
}

#[tokio::test(start_paused = true)]
async fn a_guess_at_the_type_is_a_warning() {
    let world = World::new();
    world.answers(&[Answer::Typed("", "m 1\n".to_owned())]);
    let mut config = world.config(&["a:1"]);
    config.fallback_scrape_protocol = "PrometheusText0.0.4".to_owned();
    world.apply(config);
    world.run(1).await;
    assert_eq!(world.stored("m"), "0:1");
    assert_eq!(
        world.last_warning(),
        "non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol \"text/plain\""
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_may_change_its_format() {
    let world = World::new();
    let mesos = r#"{"master/elected":1.0,"master/tasks_lost":2.0}"#;
    world.answers(&[
        text("m 1\nn 1\n"),
        Answer::Typed("application/openmetrics-text", "m 2\n# EOF\n".to_owned()),
        Answer::Typed("application/json", mesos.to_owned()),
    ]);
    world.scrape(&["a:1"]);
    world.run(4).await;
    assert_eq!(world.stored("m"), "0:1 1:2 2:stale");
    assert_eq!(world.stored("n"), "0:1 1:stale");
    assert_eq!(world.stored("mesos_master_elected"), "2:1 3:1");
    assert_eq!(world.target().metadata.get("mesos_master_tasks_lost").unwrap().metric_type.as_str(), "counter");
}

#[tokio::test(start_paused = true)]
async fn created_lines_say_since_when_all_lines_of_their_metric_count() {
    let world = World::new();
    let body = |a_s: &str, rest: &str| {
        let counter =
            format!("# TYPE a counter\na_total{{b=\"c\"}} 1\na_total{{b=\"d\"}} 1\na_created{{b=\"c\"}} {a_s}\n");
        let histogram =
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\nh_created 5\n";
        let gauge = "# TYPE g_created gauge\ng_created 9\n";
        Answer::Typed("application/openmetrics-text", format!("{counter}{histogram}{gauge}{rest}# EOF\n"))
    };
    let more = "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_count 1\ns_created 7\n";
    let without =
        Answer::Typed("application/openmetrics-text", "# TYPE a counter\na_total{b=\"c\"} 2\n# EOF\n".to_owned());
    world.answers(&[body("1.5", ""), body("1.5", ""), body("1.75", ""), body("1.75", more), without]);
    world.scrape(&["a:1"]);
    world.run(5).await;
    assert_eq!(world.starts("a_total{b=\"c\"}"), [1500, 1500, 1750, 1750, 0]);
    // The last one of these is a stale marker.
    assert_eq!(world.starts("a_total{b=\"d\"}"), [0, 0, 0, 0, 0]);
    for series in ["h_bucket{le=\"1.0\"}", "h_bucket{le=\"+Inf\"}", "h_count", "h_sum"] {
        assert_eq!(world.starts(series), [5000, 5000, 5000, 5000, 0], "{series}");
    }
    assert_eq!(world.starts("s{quantile=\"0.5\"}"), [7000, 0]);
    // They stay series of their own, which count nothing.
    assert_eq!(world.stored("a_created{b=\"c\"}"), "0:1.5 1:1.5 2:1.75 3:1.75 4:stale");
    assert_eq!(world.starts("a_created{b=\"c\"}"), [0; 5]);
    assert_eq!(world.starts("g_created"), [0; 5]);
}
