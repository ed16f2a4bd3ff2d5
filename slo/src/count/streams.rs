//! Random streams with resets, churn, gaps, late samples and restarts against a naive counter: not one event of difference.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Labels;
use proptest::prelude::*;

use super::Counting;
use super::test_kit::{Bench, catalog, events, labels};
use crate::history::History;
use crate::spec::{Budgeting, Catalog};

const STEP: i64 = 15_000;
const BEGIN: i64 = 1_700_000_000_000;
const N_SERIES: usize = 5;
const N_TARGETS: usize = 2;
/// Windows, in steps.
const WINDOWS: [i64; 4] = [3, 10, 40, 400];

/// What happens at a scrape.
#[derive(Clone, Debug)]
enum Happening {
    /// A target answers. Of each of its series: absent, what it grew by, or begun anew with a value; some come late.
    Scrape {
        target: usize,
        series: Vec<(Kind, u8)>,
    },
    /// A target does not answer.
    Failure(usize),
    /// Time passes.
    Pause(u8),
    /// What was held back is committed.
    Late,
    Tick,
    /// From now on whoever asks has a clock that is behind by so many steps.
    Back(u8),
    /// The process is killed and begins anew, or says goodbye first.
    Restart {
        is_orderly: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Absent,
    Grown,
    Anew,
    HeldBack,
}

fn happening() -> impl Strategy<Value = Happening> {
    let kind =
        prop_oneof![8 => Just(Kind::Grown), 2 => Just(Kind::Absent), 1 => Just(Kind::Anew), 1 => Just(Kind::HeldBack)];
    let scrape = (0..N_TARGETS, prop::collection::vec((kind, any::<u8>()), N_SERIES))
        .prop_map(|(target, series)| Happening::Scrape { target, series });
    prop_oneof![
        20 => scrape,
        2 => (0..N_TARGETS).prop_map(Happening::Failure),
        1 => any::<u8>().prop_map(Happening::Pause),
        2 => Just(Happening::Late),
        4 => Just(Happening::Tick),
        1 => (0u8..9).prop_map(Happening::Back),
        1 => any::<bool>().prop_map(|is_orderly| Happening::Restart { is_orderly }),
    ]
}

/// Samples by series and time, and successful scrapes by target.
#[derive(Clone, Debug, Default)]
struct Naive {
    samples: BTreeMap<(usize, usize), BTreeMap<i64, f64>>,
    successes: Vec<Vec<i64>>,
}

impl Naive {
    /// Bad and all events in a span, sample by sample.
    fn counts(&self, from_ms: i64, to_ms: i64) -> (f64, f64) {
        let (mut bad, mut total) = (0.0, 0.0);
        for ((target, series), samples) in &self.samples {
            let mut last: Option<f64> = None;
            for (&at_ms, &value) in samples {
                let grown = match last {
                    Some(last) if value >= last => value - last,
                    Some(_) => value,
                    None => {
                        let success_ms = self.successes[*target].iter().filter(|ms| **ms < at_ms).max();
                        if success_ms.is_some_and(|success_ms| at_ms - success_ms <= 300_000) { value } else { 0.0 }
                    }
                };
                last = Some(value);
                if at_ms > from_ms && at_ms <= to_ms {
                    total += grown;
                    bad += if series % 2 == 1 { grown } else { 0.0 };
                }
            }
        }
        (bad, total)
    }
}

/// A target's series, of which every second counts bad events.
fn series(target: usize, series: usize) -> Labels {
    let code = if series % 2 == 1 { "500" } else { "200" };
    let (instance, path) = (target.to_string(), series.to_string());
    labels("a_total", &[("job", "j"), ("instance", &instance), ("code", code), ("path", &path)])
}

struct World {
    bench: Bench,
    counting: Option<Counting>,
    catalog: Arc<Catalog>,
    now_ms: i64,
    naive: Naive,
    values: BTreeMap<(usize, usize), f64>,
    held_back: Vec<((usize, usize), i64, f64)>,
    back_ms: i64,
}

impl World {
    fn new(budgeting: Budgeting) -> World {
        let catalog = catalog([events("a_total{code=\"500\"}", "a_total", budgeting)]);
        let bench = Bench::new();
        bench.set_now(BEGIN);
        let counting = bench.counting();
        counting.apply(Arc::clone(&catalog)).unwrap();
        let naive = Naive { successes: vec![Vec::new(); N_TARGETS], ..Naive::default() };
        let (values, held_back) = (BTreeMap::new(), Vec::new());
        World { bench, counting: Some(counting), catalog, now_ms: BEGIN, naive, values, held_back, back_ms: 0 }
    }

    fn pass(&mut self, ms: i64) {
        self.now_ms += ms;
        self.bench.set_now(self.now_ms);
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Scrape { target, series } => self.scrape(*target, series),
            Happening::Failure(target) => self.commit_up(*target, Vec::new(), 0.0),
            Happening::Pause(steps) => self.pass(i64::from(*steps) * STEP),
            Happening::Late => self.commit_late(),
            Happening::Tick => self.counting.iter().for_each(|counting| drop(counting.tick())),
            Happening::Back(steps) => self.back_ms = i64::from(*steps) * STEP,
            Happening::Restart { is_orderly } => self.restart(*is_orderly),
        }
        self.pass(STEP / 2);
    }

    /// Looks at windows that move on from tick to tick, some of a clock that has gone back.
    fn check_windows(&self) -> Result<(), TestCaseError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let to_ms = self.now_ms - self.back_ms;
        let from_ms = WINDOWS.map(|steps| to_ms - steps * STEP);
        let counts = counting.windows("o", &from_ms, to_ms);
        for (counts, from_ms) in counts.iter().zip(from_ms) {
            prop_assert_eq!((counts.bad, counts.total), self.naive.counts(from_ms, to_ms), "{}..{}", from_ms, to_ms);
        }
        Ok(())
    }

    fn scrape(&mut self, target: usize, of_series: &[(Kind, u8)]) {
        let mut rows = Vec::new();
        for (number, (kind, amount)) in of_series.iter().enumerate() {
            let key = (target, number);
            let value = self.values.entry(key).or_insert(0.0);
            match kind {
                Kind::Absent => continue,
                Kind::Anew => *value = f64::from(*amount % 7),
                Kind::Grown | Kind::HeldBack => *value += f64::from(*amount % 16),
            }
            if *kind == Kind::HeldBack {
                self.held_back.push((key, self.now_ms, *value));
            } else {
                rows.push((key, *value));
            }
        }
        self.commit_up(target, rows, 1.0);
        self.naive.successes[target].push(self.now_ms);
    }

    fn commit_up(&mut self, target: usize, rows: Vec<((usize, usize), f64)>, up: f64) {
        let instance = target.to_string();
        let mut samples = vec![(labels("up", &[("job", "j"), ("instance", &instance)]), up)];
        for (key, value) in rows {
            samples.push((series(key.0, key.1), value));
            self.naive.samples.entry(key).or_default().insert(self.now_ms, value);
        }
        self.bench.commit(self.now_ms, &samples);
    }

    /// Commits what was held back, as far as it is not older than late samples may be.
    fn commit_late(&mut self) {
        for (key, at_ms, value) in std::mem::take(&mut self.held_back) {
            if self.now_ms - at_ms < 1_500_000 {
                self.bench.commit_each(&[(series(key.0, key.1), at_ms, value)]);
                self.naive.samples.entry(key).or_default().insert(at_ms, value);
            }
        }
    }

    fn restart(&mut self, is_orderly: bool) {
        if let Some(counting) = self.counting.take().filter(|_| is_orderly) {
            counting.close();
        }
        self.bench.restart();
        let counting = self.bench.counting();
        counting.apply(Arc::clone(&self.catalog)).unwrap();
        self.counting = Some(counting);
    }

    fn check(&self, spans: &[(u16, u16)]) -> Result<(), TestCaseError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        counting.tick();
        for (from, length) in spans {
            let from_ms = BEGIN + i64::from(*from) * STEP / 4;
            let to_ms = from_ms + i64::from(*length) * STEP;
            let counts = counting.counts("o", from_ms, to_ms);
            prop_assert_eq!((counts.bad, counts.total), self.naive.counts(from_ms, to_ms), "{}..{}", from_ms, to_ms);
            // What is beside one another adds up.
            let steps = counting.steps("o", from_ms, to_ms, 7 * STEP);
            prop_assert_eq!(steps.iter().map(|step| step.total).sum::<f64>(), counts.total);
            prop_assert!(counts.measured_ms <= counts.expected_ms, "{:?}", counts);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_event_is_lost_and_none_counted_twice(
        happenings in prop::collection::vec(happening(), 1..160),
        spans in prop::collection::vec((any::<u16>(), any::<u16>()), 4),
        halves in prop::collection::vec((0u16..400, 1u16..200), 4),
    ) {
        let mut world = World::new(Budgeting::Occurrences);
        for (at, happening) in happenings.iter().enumerate() {
            world.happen(happening);
            if matches!(happening, Happening::Tick) {
                world.check_windows()?;
            }
            if at % 40 == 39 {
                world.check(&halves)?;
            }
        }
        world.check(&halves)?;
        world.check(&spans)?;
        world.check(&[(0, u16::MAX)])?;
        // An objective that is made now counts the same over the past, and so does one that never saw a restart.
        world.bench.disk = journal::testkit::MemoryDisk::new();
        world.counting = Some(world.bench.counting());
        world.counting.iter().for_each(|counting| counting.apply(Arc::clone(&world.catalog)).unwrap());
        world.check(&halves)?;
        world.check(&[(0, u16::MAX)])?;
    }

    /// After restarts everything is as it is without any: what was measured, too.
    #[test]
    fn restarts_leave_no_trace(happenings in prop::collection::vec(happening(), 1..160)) {
        let (mut world, mut twin) = (World::new(Budgeting::Occurrences), World::new(Budgeting::Occurrences));
        for happening in &happenings {
            world.happen(happening);
            twin.happen(if matches!(happening, Happening::Restart { .. }) { &Happening::Tick } else { happening });
        }
        let steps = |world: &World| {
            let Some(counting) = &world.counting else { return (Vec::new(), Vec::new()) };
            counting.tick();
            (counting.steps("o", BEGIN, world.now_ms, 3 * STEP), counting.uncounted("o", 0, i64::MAX))
        };
        prop_assert_eq!(steps(&world), steps(&twin));
    }

    /// Slices of what comes late, in any order and through restarts, are those of a count afterwards.
    #[test]
    fn slices_are_those_of_a_count_afterwards(happenings in prop::collection::vec(happening(), 1..160)) {
        let slice_ms = 4 * STEP;
        for budgeting in [
            Budgeting::Timeslices { slice_ms, slice_target: crate::spec::Share::from_ratio("0.6").unwrap() },
            Budgeting::RatioTimeslices { slice_ms },
        ] {
            let mut world = World::new(budgeting);
            happenings.iter().for_each(|happening| world.happen(happening));
            let steps = |world: &World| {
                let Some(counting) = &world.counting else { return Vec::new() };
                counting.tick();
                let steps = counting.steps("o", BEGIN - slice_ms, world.now_ms, slice_ms);
                steps.into_iter().map(|step| (step.bad, step.total)).collect::<Vec<_>>()
            };
            let followed = steps(&world);
            world.bench.disk = journal::testkit::MemoryDisk::new();
            world.counting = Some(world.bench.counting());
            world.counting.iter().for_each(|counting| counting.apply(Arc::clone(&world.catalog)).unwrap());
            let afterwards = steps(&world);
            prop_assert_eq!(followed.len(), afterwards.len());
            for (one, other) in followed.iter().zip(&afterwards) {
                prop_assert!((one.0 - other.0).abs() < 1e-9 && one.1 == other.1, "{:?} {:?}", followed, afterwards);
            }
        }
    }
}
