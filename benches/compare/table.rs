//! The table: a row for each figure, its ratio to a peer's, and the bar that it has to pass.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::peer::Peer;

const BEGIN: &str = "<!-- compare begins -->";
const END: &str = "<!-- compare ends -->";

/// How a number is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// Millions a second.
    Millions,
    /// Of CPU.
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Mebibytes,
    Bytes,
    Count,
}

/// What is asked of narthex's figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    None,
    /// At least so many times VictoriaMetrics's.
    AtLeast(f64),
    /// At most so many times VictoriaMetrics's.
    AtMost(f64),
    /// At most so many times that of the better peer.
    AtMostOfBest(f64),
    /// At most so much.
    Below(f64),
    /// Exactly so much.
    Exactly(f64),
}

/// What was measured in one or several rounds.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) peer: Peer,
    pub(crate) rounds: Vec<f64>,
}

impl Measured {
    /// Measured once.
    pub(crate) fn once(peer: Peer, value: f64) -> Measured {
        Measured { peer, rounds: vec![value] }
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn text(&self, unit: Unit) -> String {
        let median = unit.format(self.median());
        let (least, most) =
            self.rounds.iter().fold((f64::MAX, f64::MIN), |(least, most), &value| (value.min(least), value.max(most)));
        if self.rounds.len() < 2 {
            median
        } else {
            format!("{median} ({}–{})", unit.digits(least), unit.digits(most))
        }
    }
}

#[derive(Debug)]
struct Row {
    name: String,
    unit: Unit,
    bar: Bar,
    measured: Vec<Measured>,
}

/// All rows so far.
#[derive(Debug)]
pub(crate) struct Table {
    peers: Vec<Peer>,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(peers: &[Peer]) -> Table {
        Table { peers: peers.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, and prints it.
    pub(crate) fn push(&mut self, name: &str, unit: Unit, bar: Bar, measured: Vec<Measured>) {
        let row = Row { name: name.to_owned(), unit, bar, measured };
        println!("  {}", row.markdown(&self.peers));
        self.rows.push(row);
    }

    /// All of it, below a sentence that says what was measured.
    pub(crate) fn markdown(&self, description: &str) -> String {
        let titles: Vec<&str> = self.peers.iter().map(|peer| peer.title()).collect();
        let mut text = format!("{description}\n\n| | {} | ratio | bar | |\n", titles.join(" | "));
        text.push_str(&"|---".repeat(self.peers.len() + 4));
        text.push_str("|\n");
        for row in &self.rows {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", row.markdown(&self.peers));
        }
        text
    }
}

impl Row {
    fn of(&self, peer: Peer) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.peer == peer)
    }

    fn markdown(&self, peers: &[Peer]) -> String {
        let cell = |peer: &Peer| self.of(*peer).map_or_else(|| "–".to_owned(), |measured| measured.text(self.unit));
        let cells: Vec<String> = peers.iter().map(cell).collect();
        let ratio = self.ratio().map_or_else(|| "–".to_owned(), ratio_text);
        let (bar, verdict) = (self.bar.text(self.unit), self.verdict());
        format!("| {} | {} | {ratio} | {bar} | {verdict} |", self.name, cells.join(" | "))
    }

    /// narthex's figure divided by that of the peer whom the bar names.
    fn ratio(&self) -> Option<f64> {
        let own = self.of(Peer::Narthex)?.median();
        let peers = self.measured.iter().filter(|measured| measured.peer != Peer::Narthex).map(Measured::median);
        let other = match self.bar {
            Bar::AtMostOfBest(_) => peers.min_by(f64::total_cmp)?,
            Bar::Exactly(_) => return None,
            _ => self.of(Peer::VictoriaMetrics)?.median(),
        };
        Some(own / other).filter(|ratio| ratio.is_finite())
    }

    fn verdict(&self) -> &'static str {
        let own = self.of(Peer::Narthex).map(Measured::median);
        let is_met = match self.bar {
            Bar::None => None,
            Bar::AtLeast(times) => self.ratio().map(|ratio| ratio >= times),
            Bar::AtMost(times) | Bar::AtMostOfBest(times) => self.ratio().map(|ratio| ratio <= times),
            Bar::Below(limit) => own.map(|own| own <= limit),
            Bar::Exactly(number) => own.map(|own| own == number),
        };
        is_met.map_or("", |is_met| if is_met { "met" } else { "**missed**" })
    }
}

/// Two places, of what is very little one digit that says something.
fn ratio_text(ratio: f64) -> String {
    let places = if ratio > 0.0 && ratio < 0.01 { -ratio.log10().floor() } else { 2.0 };
    format!("{ratio:.0$}", places as usize)
}

impl Bar {
    fn text(self, unit: Unit) -> String {
        match self {
            Bar::None => String::new(),
            Bar::AtLeast(times) => format!("≥ {times} × VictoriaMetrics"),
            Bar::AtMost(times) => format!("≤ {times} × VictoriaMetrics"),
            Bar::AtMostOfBest(times) => format!("≤ {times} × the better peer"),
            Bar::Below(limit) => format!("≤ {}", unit.format(limit)),
            Bar::Exactly(number) => unit.format(number),
        }
    }
}

impl Unit {
    fn digits(self, value: f64) -> String {
        match self {
            Unit::Millions => format!("{:.2}", value / 1e6),
            Unit::Nanoseconds | Unit::Count => format!("{value:.0}"),
            Unit::Microseconds => format!("{:.1}", value * 1e6),
            Unit::Mebibytes => format!("{:.0}", value / f64::from(1 << 20)),
            Unit::Milliseconds if value >= 100.0 => format!("{value:.0}"),
            Unit::Milliseconds => format!("{value:.1}"),
            Unit::Seconds => format!("{value:.2}"),
            Unit::Bytes if value >= 100.0 => format!("{value:.0}"),
            Unit::Bytes => format!("{value:.3}"),
        }
    }

    fn format(self, value: f64) -> String {
        if value.is_nan() {
            return "–".to_owned();
        }
        let name = match self {
            Unit::Millions => " M/s",
            Unit::Nanoseconds => " ns",
            Unit::Microseconds => " µs",
            Unit::Milliseconds => " ms",
            Unit::Seconds => " s",
            Unit::Mebibytes => " MiB",
            Unit::Bytes => " B",
            Unit::Count => "",
        };
        self.digits(value) + name
    }
}

/// Puts the text into a file, in the place of what stands between the marks.
pub(crate) fn write_between_marks(path: &Path, text: &str) -> io::Result<()> {
    let page = std::fs::read_to_string(path)?;
    let no_marks = || io::Error::other(format!("{} has no {BEGIN} and {END}", path.display()));
    let begin = page.find(BEGIN).ok_or_else(no_marks)? + BEGIN.len();
    let end = begin + page[begin..].find(END).ok_or_else(no_marks)?;
    std::fs::write(path, format!("{}\n{text}{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the row says for these figures of narthex, VictoriaMetrics and Prometheus.
    #[track_caller]
    fn check(bar: Bar, figures: [f64; 3], expected: &str) {
        let measured = Peer::ALL.iter().zip(figures).map(|(peer, figure)| Measured::once(*peer, figure)).collect();
        let row = Row { name: "x".to_owned(), unit: Unit::Nanoseconds, bar, measured };
        assert_eq!(row.markdown(&Peer::ALL), expected);
    }

    #[test]
    fn bars_are_met_or_missed() {
        check(Bar::None, [5.0, 10.0, 20.0], "| x | 5 ns | 10 ns | 20 ns | 0.50 |  |  |");
        check(Bar::AtMost(0.5), [5.0, 10.0, 1.0], "| x | 5 ns | 10 ns | 1 ns | 0.50 | ≤ 0.5 × VictoriaMetrics | met |");
        check(
            Bar::AtLeast(1.5),
            [14.0, 10.0, 1.0],
            "| x | 14 ns | 10 ns | 1 ns | 1.40 | ≥ 1.5 × VictoriaMetrics | **missed** |",
        );
        check(
            Bar::AtMostOfBest(0.5),
            [5.0, 20.0, 8.0],
            "| x | 5 ns | 20 ns | 8 ns | 0.62 | ≤ 0.5 × the better peer | **missed** |",
        );
        check(Bar::Below(4.0), [5.0, 10.0, 20.0], "| x | 5 ns | 10 ns | 20 ns | 0.50 | ≤ 4 ns | **missed** |");
        check(Bar::Exactly(0.0), [0.0, 9.0, f64::NAN], "| x | 0 ns | 9 ns | – | – | 0 ns | met |");
    }

    #[test]
    fn little_ratios_say_something() {
        let check = |ratio, expected| assert_eq!(ratio_text(ratio), expected);
        check(1.234, "1.23");
        check(0.05, "0.05");
        check(0.000_456, "0.0005");
        check(0.0, "0.00");
    }

    #[test]
    fn several_rounds_are_a_median_and_its_range() {
        let measured = Measured { peer: Peer::Narthex, rounds: vec![2e6, 1e6, 4e6] };
        assert_eq!(measured.text(Unit::Millions), "2.00 M/s (1.00–4.00)");
    }

    #[test]
    fn the_table_goes_between_the_marks() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("page.md");
        std::fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        write_between_marks(&page, "new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&page).unwrap(), format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        std::fs::write(&page, "no marks").unwrap();
        assert!(write_between_marks(&page, "new\n").is_err());
    }
}
