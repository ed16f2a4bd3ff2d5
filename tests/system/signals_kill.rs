//! Forty signals come and go while whoever watches them is killed, again and again: what does their receiver hear?
//!
//! It must hear of each that has surely been seen, that it came and that it went, once, and while it is so; silences that were
//! acknowledged are there; and what waits out its `for` waits no longer than that. `side_by_side::signals` does the same to a
//! Prometheus with an Alertmanager. `NARTHEX_SIGNAL_KILLS` says how often (default 4; 30 are three minutes).

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::Rng;
use model::rng::SeededRng;

use crate::alerting_kill::{add_silence, silence_ids};
use crate::exporter::Exporter;
use crate::http;
use crate::lamps::{By, Episode, Lamps};
use crate::narthex::{Narthex, free_address};
use crate::neighbour;
use crate::waiting::wait_until;
use crate::webhook::{Told, Webhook};

const N_SIGNALS: usize = 40;
const BOTH: [By; 2] = [By::Scrapes, By::Time];
/// How often is decided what changes; each signal does on average every forty times.
const STEP: Duration = Duration::from_millis(250);
const STEPS_OF_PHASE: u64 = 40;
/// How long nobody is there after a kill, in steps.
const STEPS_DOWN: u64 = 4;
/// When nothing has been told for so long, nothing more will be.
const QUIET: Duration = Duration::from_secs(5);

pub(crate) const RULES: &str = "
groups:
  - name: signals
    interval: 500ms
    rules:
      - {alert: Lamp, expr: lamp > 0, annotations: {episode: '{{ $value }}'}}
      - {alert: Waits, expr: vector(1), for: 10m}
";

/// The routing to a webhook.
pub(crate) fn routing(webhook: SocketAddr) -> String {
    format!(
        "route: {{receiver: hook, group_by: [lamp], group_wait: 250ms, group_interval: 500ms, repeat_interval: 4h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{webhook}/'}}]}}]\n"
    )
}

/// The configuration, but for who is told.
pub(crate) fn configuration(target: SocketAddr) -> String {
    format!(
        "global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}\n\
         rule_files: [rules.yml]\n\
         scrape_configs:\n- job_name: lamps\n  static_configs: [{{targets: ['{target}']}}]\n"
    )
}

/// Who watches the signals.
pub(crate) trait Watch {
    /// Where rules are asked for.
    fn rules(&self) -> SocketAddr;
    /// Where silences are asked for.
    fn silences(&self) -> SocketAddr;
    /// SIGKILL.
    fn kill(self);
}

impl Watch for Narthex {
    fn rules(&self) -> SocketAddr {
        self.address
    }

    fn silences(&self) -> SocketAddr {
        self.address
    }

    fn kill(self) {
        Narthex::kill(self);
    }
}

/// An alert that was heard, and whether it was over by then.
struct Heard {
    told: Told,
    episode: Episode,
    was_over: [bool; 2],
}

/// The signals and their receiver.
pub(crate) struct Stage {
    pub(crate) target: Exporter,
    pub(crate) webhook: Webhook,
    lamps: Lamps,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// What is sure, and what was made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) n_sure: usize,
    pub(crate) never_told: usize,
    /// Of what was told.
    pub(crate) n_sure_ends: usize,
    pub(crate) never_told_as_over: usize,
    /// Told as firing.
    pub(crate) for_what_was_over: usize,
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) n_kills: usize,
    pub(crate) n_told: usize,
    /// With an id that had come before.
    pub(crate) n_repeated: usize,
    /// Told before, with another id or none.
    pub(crate) without_news: usize,
    pub(crate) silences_gone: usize,
    /// By how much `for` begins later.
    pub(crate) set_back_ms: i64,
    pub(crate) by_scrapes: Count,
    pub(crate) by_time: Count,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { n_kills, n_told, n_repeated, without_news, silences_gone, set_back_ms, by_scrapes, by_time } =
            self;
        write!(
            f,
            "{n_kills} kills, {n_told} told, {n_repeated} of them with an id that had come before, {without_news} without \
             news; {silences_gone} of {n_kills} silences gone; for set back by {set_back_ms} ms; sure by scrapes: \
             {by_scrapes}; sure by time: {by_time}"
        )
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { n_sure, never_told, n_sure_ends, never_told_as_over, for_what_was_over } = self;
        write!(
            f,
            "{never_told} of {n_sure} never told, {never_told_as_over} of {n_sure_ends} never told as over, \
             {for_what_was_over} told for what was over"
        )
    }
}

/// How often is killed.
pub(crate) fn n_kills() -> usize {
    std::env::var("NARTHEX_SIGNAL_KILLS").map_or(4, |text| text.parse().unwrap())
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let (target, lamps) = Lamps::start(N_SIGNALS);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (for_webhook, of_webhook) = (Arc::clone(&heard), lamps.clone());
        let webhook = Webhook::start_with(move |told| {
            if let Some(episode) = episode(told) {
                let was_over = BOTH.map(|by| of_webhook.is_over(episode, by));
                for_webhook.lock().unwrap().push(Heard { told: told.clone(), episode, was_over });
            }
        });
        Stage { target, webhook, lamps, heard }
    }

    /// Lets the signals come and go, and kills who watches them.
    pub(crate) fn play<W: Watch>(&self, n_kills: usize, start: impl Fn() -> W) -> Figures {
        let seed = crate::seed();
        let mut rng = SeededRng::new(seed);
        let mut watch = start();
        wait_until("all signals are seen", || self.lamps.are_read());
        let since_ms = active_at_ms(watch.rules());
        let mut silences = BTreeSet::new();
        for kill in 0..n_kills {
            let steps_up = 8 + rng.below(17);
            self.change(steps_up, &mut rng);
            silences.insert(add_silence(watch.silences(), kill as u64));
            std::thread::sleep(Duration::from_millis(rng.below(100)));
            watch.kill();
            self.change(STEPS_DOWN, &mut rng);
            self.lamps.begin_run();
            watch = start();
        }
        wait_until("all signals are seen", || self.lamps.are_read());
        self.wait_until_quiet();
        let set_back_ms = active_at_ms(watch.rules()) - since_ms;
        let silences_gone = silences.difference(&silence_ids(watch.silences())).count();
        self.figures(n_kills, silences_gone, set_back_ms)
    }

    /// Lets signals change for some time.
    fn change(&self, n_steps: u64, rng: &mut SeededRng) {
        for _ in 0..n_steps {
            std::thread::sleep(STEP);
            self.lamps.turn(|| rng.below(STEPS_OF_PHASE) == 0);
        }
    }

    fn wait_until_quiet(&self) {
        let mut last = (self.heard.lock().unwrap().len(), Instant::now());
        wait_until("nothing more is told", || {
            let n_heard = self.heard.lock().unwrap().len();
            if n_heard > last.0 {
                last = (n_heard, Instant::now());
            }
            last.1.elapsed() > QUIET
        });
    }

    fn figures(&self, n_kills: usize, silences_gone: usize, set_back_ms: i64) -> Figures {
        let heard = self.heard.lock().unwrap();
        let (mut ids, mut told, mut without_news) = (BTreeSet::new(), BTreeSet::new(), 0);
        let mut distinct = Vec::new();
        for one in heard.iter() {
            // Who honours ids does not hear the same twice. Not everybody sends them.
            if one.told.id.is_empty() || ids.insert(&one.told.id) {
                without_news += usize::from(!told.insert((one.episode, one.told.is_firing)));
                distinct.push(one);
            }
        }
        let [by_scrapes, by_time] = [0, 1].map(|by| {
            let for_what_was_over = distinct.iter().filter(|one| one.told.is_firing && one.was_over[by]).count();
            Count { for_what_was_over, ..self.count(BOTH[by], &told) }
        });
        let n_repeated = heard.len() - distinct.len();
        Figures {
            n_kills,
            n_told: heard.len(),
            n_repeated,
            without_news,
            silences_gone,
            set_back_ms,
            by_scrapes,
            by_time,
        }
    }

    /// What of that which is sure was told.
    fn count(&self, by: By, told: &BTreeSet<(Episode, bool)>) -> Count {
        let (sure, mut ended) = self.lamps.sure(by);
        let n_untold = |episodes: &[Episode], is_firing| {
            episodes.iter().filter(|episode| !told.contains(&(**episode, is_firing))).count()
        };
        ended.retain(|episode| told.contains(&(*episode, true)));
        Count {
            n_sure: sure.len(),
            never_told: n_untold(&sure, true),
            n_sure_ends: ended.len(),
            never_told_as_over: n_untold(&ended, false),
            for_what_was_over: 0,
        }
    }
}

/// Which time of which lamp is told of.
fn episode(told: &Told) -> Option<Episode> {
    Some((told.lamp.parse().ok()?, told.episode.parse().ok()?))
}

/// Since when the rule waits, in milliseconds since the Unix epoch.
fn active_at_ms(rules: SocketAddr) -> i64 {
    let mut at_ms = 0;
    wait_until("the rule waits", || {
        let document = http::get(rules, "/api/v1/alerts").unwrap().json();
        let alerts = document["data"]["alerts"].as_array().unwrap();
        let waits = alerts.iter().find(|alert| alert["labels"]["alertname"] == "Waits");
        let at = waits.map(|alert| alert["activeAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
        at.is_some_and(|at| {
            at_ms = at.as_millisecond();
            true
        })
    });
    at_ms
}

fn start_narthex(dir: &Path, address: SocketAddr) -> Narthex {
    Narthex::start(dir, address, &["--alertmanager.config.file=alertmanager.yml"])
}

#[test]
fn what_comes_and_goes_between_kills_is_told_once_and_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::new();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("prometheus.yml", &(configuration(stage.target.address) + "narthex: {self_alerts: false}\n"));
    write("alertmanager.yml", &routing(stage.webhook.address));
    write("rules.yml", RULES);
    let address = free_address();
    let figures = stage.play(n_kills(), || start_narthex(dir.path(), address));
    println!("narthex: {figures}");
    let Count { n_sure, n_sure_ends, .. } = figures.by_scrapes;
    assert_eq!(figures.by_scrapes, Count { n_sure, n_sure_ends, ..Count::default() }, "{figures}");
    assert_eq!((figures.without_news, figures.silences_gone, figures.set_back_ms), (0, 0, 0), "{figures}");
    assert!(n_sure > 0 && n_sure_ends > 0, "{figures}");
    assert!(figures.n_repeated <= figures.n_kills, "{figures}");
}

#[test]
fn a_hanging_receiver_holds_up_no_neighbour() {
    let dir = tempfile::tempdir().unwrap();
    let stage = neighbour::Stage::new();
    std::fs::write(dir.path().join("alertmanager.yml"), stage.routing()).unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), "narthex: {self_alerts: false}\n").unwrap();
    let narthex = start_narthex(dir.path(), free_address());
    let heard = stage.play(narthex.address);
    println!("narthex: {heard}");
    assert!(heard.hangs_still, "the neighbour hears while the other hangs: {heard}");
}
