//! How made-up values go on: what a host's counters, gauges and histograms do, without its clockwork.
//!
//! Each kind imitates something that a host or a service exposes. Nothing is even: rates drift and pause, gauges stand still
//! and jump, histograms fill as requests of log-normal durations come. What is here decides what a comparison of sizes is
//! worth, so it leans on no format: full doubles are a fifteenth of the series, those of histograms' sums not counted.

use model::Rng;
use model::rng::SeededRng;

/// Upper bounds of the buckets of a histogram; the last of its buckets has none.
pub(crate) const BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Modes of a processor.
pub(crate) const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// What some series of a host imitate; each makes as many columns of values as [`Kind::n_series`] says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Bytes or packets of a device: so many events a step on average, each of about `size`. Traffic drifts between a
    /// twentieth and four times the average, and how many come in a step is as random as arrivals are.
    Counter { events: f64, size: u64 },
    /// Memory in pages of 4 KiB: stands still two steps of five, else moves by a third of a percent.
    Pages { about: u64 },
    /// A service's durations: buckets that count up to their bounds, the sum in seconds (nanoseconds, added up as doubles)
    /// and the count.
    Histogram { events: f64, typical_s: f64 },
    /// Seconds of a processor by mode, in hundredths as the kernel counts them.
    Processor { step_ms: i64 },
    /// A gauge with so many decimal places: temperatures, load averages, latencies in milliseconds. Stands still one step of
    /// three.
    Decimal { places: u32, about: u64, by: u64 },
    /// A moving average, as Java's metrics libraries expose rates: any double.
    Average { about: f64 },
    /// Sizes, limits, versions: never changes.
    Constant(u64),
}

impl Kind {
    /// How many series it makes.
    pub(crate) fn n_series(self) -> usize {
        match self {
            Kind::Histogram { .. } => BOUNDS.len() + 3,
            Kind::Processor { .. } => MODES.len(),
            _ => 1,
        }
    }

    /// The values of its series, column by column, of so many steps.
    pub(crate) fn walk(self, rng: &mut SeededRng, n_steps: usize) -> Vec<Vec<f64>> {
        match self {
            Kind::Counter { events, size } => vec![counter(rng, n_steps, events, size)],
            Kind::Pages { about } => vec![pages(rng, n_steps, about)],
            Kind::Histogram { events, typical_s } => histogram(rng, n_steps, events, typical_s),
            Kind::Processor { step_ms } => processor(rng, n_steps, step_ms),
            Kind::Decimal { places, about, by } => vec![decimal(rng, n_steps, places, about, by)],
            Kind::Average { about } => vec![average(rng, n_steps, about)],
            Kind::Constant(constant) => vec![vec![constant as f64; n_steps]],
        }
    }
}

fn counter(rng: &mut SeededRng, n_steps: usize, events: f64, size: u64) -> Vec<f64> {
    // It has counted since the host began, up to a month ago.
    let mut total = (events * size as f64 * rng.unit() * 172_800.0) as u64;
    let mut traffic = Traffic::default();
    let mut step = || {
        let n_events = traffic.next(rng, events);
        total += if size == 1 { n_events } else { (n_events as f64 * size as f64 * (0.5 + rng.unit())) as u64 };
        total as f64
    };
    (0..n_steps).map(|_| step()).collect()
}

fn pages(rng: &mut SeededRng, n_steps: usize, about: u64) -> Vec<f64> {
    let mut n_pages = about as f64 * (0.5 + rng.unit());
    let mut step = || {
        if rng.unit() > 0.4 {
            n_pages = (n_pages + normal(rng) * about as f64 / 300.0).max(0.0).round();
        }
        n_pages.round() * 4096.0
    };
    (0..n_steps).map(|_| step()).collect()
}

fn histogram(rng: &mut SeededRng, n_steps: usize, events: f64, typical_s: f64) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::with_capacity(n_steps); BOUNDS.len() + 3];
    let mut counts = [0u64; BOUNDS.len() + 1];
    let mut sum = 0.0;
    let mut traffic = Traffic::default();
    for _ in 0..n_steps {
        for _ in 0..traffic.next(rng, events) {
            let seconds = (typical_s * normal(rng).exp() * 1e9).round() / 1e9;
            counts[BOUNDS.partition_point(|&bound| bound < seconds)] += 1;
            sum += seconds;
        }
        let mut below = 0;
        for (count, column) in counts.iter().zip(&mut columns) {
            below += count;
            column.push(below as f64);
        }
        columns[BOUNDS.len() + 1].push(sum);
        columns[BOUNDS.len() + 2].push(below as f64);
    }
    columns
}

fn processor(rng: &mut SeededRng, n_steps: usize, step_ms: i64) -> Vec<Vec<f64>> {
    /// Of a busy step, the part of each mode; what is idle is the rest of the step.
    const BUSY: [f64; 8] = [0.7, 0.0, 0.22, 0.0, 0.05, 0.0, 0.03, 0.0];
    let mut columns = vec![Vec::with_capacity(n_steps); MODES.len()];
    let mut hundredths = MODES.map(|_| rng.below(100_000));
    let mut traffic = Traffic::default();
    for _ in 0..n_steps {
        let in_all = (step_ms / 10) as u64;
        let mut idle = in_all;
        let busy = traffic.next(rng, in_all as f64 / 5.0).min(in_all) as f64;
        for ((total, part), mode) in hundredths.iter_mut().zip(BUSY).zip(MODES) {
            if mode != "idle" {
                let spent = ((busy * part * (0.5 + rng.unit())) as u64).min(idle);
                idle -= spent;
                *total += spent;
            }
        }
        hundredths[3] += idle;
        hundredths.iter().zip(&mut columns).for_each(|(&total, column)| column.push(total as f64 / 100.0));
    }
    columns
}

fn decimal(rng: &mut SeededRng, n_steps: usize, places: u32, about: u64, by: u64) -> Vec<f64> {
    let scale = 10u64.pow(places) as f64;
    let mut units = (about as f64 * (0.5 + rng.unit())).round();
    let mut step = || {
        if rng.unit() > 0.33 {
            let back = (about as f64 - units) / 50.0;
            units = (units + back + normal(rng) * by as f64).round().max(0.0);
        }
        units / scale
    };
    (0..n_steps).map(|_| step()).collect()
}

fn average(rng: &mut SeededRng, n_steps: usize, about: f64) -> Vec<f64> {
    let mut average = about * rng.unit();
    let mut step = || {
        average += (about * 2.0 * rng.unit() - average) * 0.08;
        average
    };
    (0..n_steps).map(|_| step()).collect()
}

/// Arrivals whose rate drifts.
struct Traffic {
    level: f64,
}

impl Default for Traffic {
    fn default() -> Traffic {
        Traffic { level: 1.0 }
    }
}

impl Traffic {
    /// How many come in the next step, of so many on average.
    fn next(&mut self, rng: &mut SeededRng, events: f64) -> u64 {
        self.level = (self.level + 0.1 * (1.0 - self.level) + 0.2 * normal(rng)).clamp(0.05, 4.0);
        poisson(rng, events * self.level)
    }
}

/// A number of arrivals with a mean.
fn poisson(rng: &mut SeededRng, mean: f64) -> u64 {
    if mean > 30.0 {
        return (mean + mean.sqrt() * normal(rng)).round().max(0.0) as u64;
    }
    let limit = (-mean).exp();
    let mut product = rng.unit();
    let mut n_arrivals = 0;
    while product > limit {
        product *= rng.unit();
        n_arrivals += 1;
    }
    n_arrivals
}

/// Nearly a normal deviate: the sum of twelve even ones.
fn normal(rng: &mut SeededRng) -> f64 {
    (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0
}
