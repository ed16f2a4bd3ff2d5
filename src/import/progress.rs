//! How far an import has come, on standard error: a bar where that is a terminal, otherwise a line now and then.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use model::{Clock, SystemClock};

use super::summary::grouped;

const REDRAWN_EVERY: Duration = Duration::from_millis(200);
const TOLD_EVERY: Duration = Duration::from_secs(10);
const BAR_WIDTH: usize = 30;

/// How far an import has come.
#[derive(Debug)]
pub(super) struct Progress {
    clock: SystemClock,
    is_terminal: bool,
    total_bytes: u64,
    done_bytes: u64,
    n_series: u64,
    n_samples: u64,
    shown: Duration,
}

impl Progress {
    /// There are so many bytes to read.
    pub(super) fn new(total_bytes: u64) -> Progress {
        Progress {
            clock: SystemClock::new(),
            is_terminal: std::io::stderr().is_terminal(),
            total_bytes,
            done_bytes: 0,
            n_series: 0,
            n_samples: 0,
            shown: Duration::ZERO,
        }
    }

    /// So many more bytes have been read, and so many samples of a series been found in them.
    pub(super) fn add(&mut self, n_bytes: u64, n_samples: u64) {
        self.done_bytes = (self.done_bytes + n_bytes).min(self.total_bytes);
        self.n_series += u64::from(n_samples > 0);
        self.n_samples += n_samples;
        let now = self.clock.elapsed();
        let every = if self.is_terminal { REDRAWN_EVERY } else { TOLD_EVERY };
        if now >= self.shown + every {
            self.shown = now;
            let line = self.line(now);
            self.show(&if self.is_terminal { format!("\r\x1b[K{line}") } else { format!("{line}\n") });
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if self.is_terminal {
            self.show("\r\x1b[K");
        }
    }

    fn line(&self, now: Duration) -> String {
        let share = if self.total_bytes == 0 { 1.0 } else { self.done_bytes as f64 / self.total_bytes as f64 };
        let n_full = (share * BAR_WIDTH as f64) as usize;
        let bar: String = (0..BAR_WIDTH).map(|i| if i < n_full { '█' } else { '░' }).collect();
        let left = if share > 0.0 {
            format!("{:.0} s left", now.as_secs_f64() / share * (1.0 - share))
        } else {
            String::new()
        };
        let (series, samples) = (grouped(self.n_series), grouped(self.n_samples));
        format!("{bar} {:3.0}%  {series} series  {samples} samples  {left}", share * 100.0)
    }

    fn show(&self, text: &str) {
        // Whoever closed standard error does not want to know.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_how_far_it_is() {
        let mut progress = Progress::new(200);
        progress.add(50, 1_000);
        progress.add(0, 234);
        let line = progress.line(Duration::from_secs(3));
        assert!(line.starts_with("███████░"), "{line}");
        assert!(line.ends_with(" 25%  2 series  1,234 samples  9 s left"), "{line}");
    }
}
