//! A process that is killed again and again does what one does that is not.

use std::collections::{BTreeMap, BTreeSet};

use model::Rng;
use model::rng::SeededRng;

use super::test_kit::{Receives, World, brief, firing, over, takes_all};
use crate::matcher::{Matcher, Matchers};
use crate::silence::Silence;
use crate::{Alert, Fingerprint, Notification};

const T: i64 = 1_700_000_000_000;
const N_SEEDS: u64 = 60;
const N_STEPS: usize = 60;
const NAMES: [&str; 8] = ["a", "b", "c", "d", "Down", "Slow", "e", "f"];

const YAML: &str = "
route:
  receiver: all
  group_by: []
  group_wait: 1s
  group_interval: 3s
  repeat_interval: 7s
  routes:
    - {receiver: some, matchers: [alertname=~\"a|b|c\"], group_by: [alertname], continue: true, repeat_interval: 20s}
    - {receiver: all, matchers: [alertname!=f], group_wait: 0s}
receivers:
  - name: all
    webhook_configs: [{url: 'http://127.0.0.1:9/'}, {url: 'http://127.0.0.1:9/', send_resolved: false}]
  - name: some
    webhook_configs: [{url: 'http://127.0.0.1:9/'}]
inhibit_rules:
  - {source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}
";

/// Two worlds to which the same happens, but that one is killed.
struct Twins {
    worlds: [World; 2],
    /// What the rules say, as long as they say it.
    reported: BTreeMap<&'static str, Alert>,
    n_silences: u64,
}

impl Twins {
    fn new(receives: Receives) -> Twins {
        let worlds = [0, 1].map(|_| World::new(YAML, T, receives));
        Twins { worlds, reported: BTreeMap::new(), n_silences: 0 }
    }

    fn step(&mut self, rng: &mut SeededRng) {
        let now_ms = self.worlds[0].now_ms;
        let name = NAMES[rng.below(NAMES.len() as u64) as usize];
        match rng.below(10) {
            0..4 => self.report(name, now_ms),
            4 => self.silence(name, now_ms, rng.below(10_000) as i64),
            5 => self.worlds[1].kill_and_report(&self.reported, now_ms),
            _ => {
                let to_ms = now_ms + rng.below(2500) as i64;
                self.worlds.iter_mut().for_each(|world| world.run_until(to_ms));
            }
        }
    }

    /// What fires is over, and the other way round.
    fn report(&mut self, name: &'static str, now_ms: i64) {
        let before = self.reported.get(name).filter(|alert| alert.ends_at_ms.is_none());
        let alert = match before {
            Some(before) => over(name, before.starts_at_ms, now_ms),
            None => firing(name, now_ms, now_ms),
        };
        self.worlds.iter_mut().for_each(|world| world.report(vec![alert.clone()]));
        self.reported.insert(name, alert);
    }

    fn silence(&mut self, name: &str, now_ms: i64, for_ms: i64) {
        self.n_silences += 1;
        for world in &mut self.worlds {
            let matcher_sets = vec![Matchers(vec![Matcher::equal("alertname", name)])];
            let silence = Silence { matcher_sets, ends_at_ms: now_ms + for_ms, ..Silence::default() };
            world.core.set_silence(silence, format!("{}", self.n_silences), now_ms).unwrap();
        }
    }

    fn end(&mut self, for_ms: i64) {
        let to_ms = self.worlds[0].now_ms + for_ms;
        self.worlds.iter_mut().for_each(|world| world.run_until(to_ms));
    }

    /// What is to be the same: groups are numbered anew after a start, and reports that say nothing new are noted at other
    /// times.
    fn states(&self) -> [String; 2] {
        [0, 1].map(|of| serde_json::to_string_pretty(&self.worlds[of].core.dispatcher.snapshot()).unwrap())
    }
}

impl World {
    /// After a start the rules report again what fires, and what was over lately.
    fn kill_and_report(&mut self, reported: &BTreeMap<&'static str, Alert>, now_ms: i64) {
        self.kill();
        let again = |alert: &Alert| Alert { updated_at_ms: now_ms, ..alert.clone() };
        self.report(reported.values().map(again).collect());
    }
}

#[test]
fn a_killed_process_tells_the_same_at_the_same_time() {
    for seed in 0..N_SEEDS {
        let mut rng = SeededRng::new(seed);
        let mut twins = Twins::new(takes_all);
        for step in 0..N_STEPS {
            twins.step(&mut rng);
            let [alive, killed] = &twins.worlds;
            assert_eq!(brief(&killed.received), brief(&alive.received), "seed {seed}, step {step}");
        }
        twins.worlds[1].kill_and_report(&twins.reported.clone(), twins.worlds[0].now_ms);
        let [alive, killed] = twins.states();
        // Groups are numbered anew after a start, and reports that say nothing new are noted at other times.
        let comparable = |state: &str| {
            let other = ["\"number\"", "\"group\":", "\"updated_at_ms\""];
            let kept = |line: &&str| !other.iter().any(|other| line.contains(other));
            state.lines().filter(kept).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(comparable(&killed), comparable(&alive), "seed {seed}");
    }
}

/// The receiver needs 700 ms for each.
fn is_slow(_: &Notification, _: i64) -> (bool, i64) {
    (true, 700)
}

#[test]
fn with_slow_receivers_nothing_is_lost_and_repetitions_have_the_same_id() {
    for seed in 0..N_SEEDS {
        let mut rng = SeededRng::new(1000 + seed);
        let mut twins = Twins::new(is_slow);
        (0..N_STEPS).for_each(|_| twins.step(&mut rng));
        twins.end(60_000);
        let [alive, killed] = &twins.worlds;
        assert_eq!(known(killed), known(alive), "seed {seed}");
        let mut by_id = BTreeMap::new();
        for received in &killed.received {
            let content = by_id.entry(&received.notification.id).or_insert(&received.notification.alerts);
            assert_eq!(**content, received.notification.alerts, "seed {seed}");
        }
    }
}

/// What each integration of each receiver takes for firing.
fn known(world: &World) -> BTreeMap<String, BTreeSet<Fingerprint>> {
    let mut known: BTreeMap<String, BTreeSet<Fingerprint>> = BTreeMap::new();
    for group in world.core.dispatcher.groups.values() {
        for line in &group.lines {
            let told = line.told.iter().flat_map(|told| told.firing.iter().copied());
            known.entry(format!("{} {}", group.key, line.integration)).or_default().extend(told);
        }
    }
    known
}

#[test]
fn silences_survive_a_power_cut_as_soon_as_they_have_an_id() {
    for seed in 0..N_SEEDS {
        let mut rng = SeededRng::new(seed);
        let mut twins = Twins::new(takes_all);
        (0..N_STEPS).for_each(|_| twins.step(&mut rng));
        let silences = |world: &World| world.core.dispatcher.silences.iter().cloned().collect::<Vec<_>>();
        let before = silences(&twins.worlds[0]);
        twins.worlds[0].disk = twins.worlds[0].disk.after_power_cut(|| rng.below(2) == 0);
        twins.worlds[0].kill();
        assert_eq!(silences(&twins.worlds[0]), before, "seed {seed}");
    }
}
