//! What was asked for on the command line.

use std::io;
use std::path::{Path, PathBuf};

use crate::budgets::Load;
use crate::peer::Peer;

const USAGE: &str = "\
Usage: compare [FLAGS]     (cargo build --release && make peers first)
  --hosts=N            hosts that send, of 300 series each [215]
  --steps=N            samples of each series, 15 s apart [240]
  --rounds=N           loads of each server; the figures are medians; 0: none [3]
  --targets=N          targets to scrape, of 300 series each [300]
  --scrape-seconds=N   for how long, every 5 s; 0: not at all [60]
  --rules              also: 1,000 rules over 10,200 series, for two minutes a server
  --backtest           also: a rule over 30 days of 100 series
  --budgets            also: objectives at work, and Sloth's rules for some of them on Prometheus; eight minutes
  --objectives=N       how many objectives [10000]
  --repeats=N          how often each question is asked [10]
  --million            also: 1,000,000 series with 20 samples each, killed and started again
  --peers=NAMES        of prometheus and victoriametrics [both]
  --narthex=FILE       the server to compare with them [target/release/narthex]
  --markdown=FILE      put the table into this file, between its marks
  --keep               do not delete the data
  --quick              a load that says nothing, to see that all of it works";

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) n_hosts: usize,
    pub(crate) n_steps: usize,
    pub(crate) n_rounds: usize,
    pub(crate) n_targets: usize,
    pub(crate) scrape_seconds: u64,
    pub(crate) n_repeats: usize,
    pub(crate) million: bool,
    pub(crate) rules: bool,
    pub(crate) backtest: bool,
    pub(crate) budgets: bool,
    pub(crate) objectives: Load,
    pub(crate) peers: Vec<Peer>,
    pub(crate) narthex: PathBuf,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) keep: bool,
}

impl Arguments {
    /// What the command line says; none if it asks for help, which is printed.
    pub(crate) fn read() -> io::Result<Option<Arguments>> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        if words.iter().any(|word| word == "--help" || word == "-h") {
            println!("{USAGE}");
            return Ok(None);
        }
        let mut arguments = Arguments::default();
        if words.iter().any(|word| word == "--quick") {
            arguments.make_quick();
        }
        for word in &words {
            arguments.take(word)?;
        }
        Ok(Some(arguments))
    }

    fn default() -> Arguments {
        Arguments {
            n_hosts: 215,
            n_steps: 240,
            n_rounds: 3,
            n_targets: 300,
            scrape_seconds: 60,
            n_repeats: 10,
            million: false,
            rules: false,
            backtest: false,
            budgets: false,
            objectives: Load::FULL,
            peers: Peer::ALL.to_vec(),
            narthex: target_dir().join("release/narthex"),
            markdown: None,
            keep: false,
        }
    }

    fn make_quick(&mut self) {
        (self.n_hosts, self.n_steps, self.n_rounds) = (10, 40, 1);
        (self.n_targets, self.scrape_seconds, self.n_repeats) = (10, 5, 2);
        self.objectives = Load::QUICK;
    }

    fn take(&mut self, word: &str) -> io::Result<()> {
        let wrong = || io::Error::other(format!("unknown or incomplete: {word}\n{USAGE}"));
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<usize>().map_err(|_| wrong());
        match name {
            "--hosts" => self.n_hosts = number()?.max(1),
            "--steps" => self.n_steps = number()?.max(20),
            "--rounds" => self.n_rounds = number()?,
            "--targets" => self.n_targets = number()?.max(1),
            "--scrape-seconds" => self.scrape_seconds = number()? as u64,
            "--repeats" => self.n_repeats = number()?.max(1),
            "--million" => self.million = true,
            "--rules" => self.rules = true,
            "--backtest" => self.backtest = true,
            "--budgets" => self.budgets = true,
            "--objectives" => self.objectives.n_objectives = number()?.max(100),
            "--peers" => self.peers = Peer::parse(value).ok_or_else(wrong)?,
            "--narthex" if !value.is_empty() => self.narthex = PathBuf::from(value),
            "--markdown" if !value.is_empty() => self.markdown = Some(PathBuf::from(value)),
            "--keep" => self.keep = true,
            "--quick" => {}
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// Those that are built; none if nothing can be compared. In CI what is missing is an error.
    pub(crate) fn present_peers(&self) -> io::Result<Option<Vec<Peer>>> {
        let (present, missing): (Vec<Peer>, Vec<Peer>) =
            self.peers.iter().partition(|peer| self.program(**peer).exists());
        for peer in &missing {
            let advice = if *peer == Peer::Narthex { "cargo build --release" } else { "make peers" };
            let message = format!("left out: {} ({} is missing; {advice})", peer.name(), self.program(*peer).display());
            if std::env::var_os("NARTHEX_CI").is_some() || *peer == Peer::Narthex {
                return Err(io::Error::other(message));
            }
            println!("{message}");
        }
        Ok((present.len() > 1).then_some(present))
    }

    /// The program of a peer.
    pub(crate) fn program(&self, peer: Peer) -> PathBuf {
        match peer {
            Peer::Narthex => self.narthex.clone(),
            Peer::VictoriaMetrics => target_dir().join("peers/victoria-metrics"),
            Peer::Prometheus => target_dir().join("peers/prometheus"),
        }
    }

    /// What was measured, in a sentence.
    pub(crate) fn description(&self) -> String {
        format!(
            "{} hosts of 300 series, {} samples each; {} rounds; {} targets scraped every 5 s for {} s. {}",
            self.n_hosts,
            self.n_steps,
            self.n_rounds,
            self.n_targets,
            self.scrape_seconds,
            machine()
        )
    }
}

/// Where everything is built.
pub(crate) fn target_dir() -> PathBuf {
    let ours = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(ours, PathBuf::from)
}

/// The machine, and how busy it is.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let n_processors = processors.lines().filter(|line| line.starts_with("processor")).count();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processors");
    let load = read("/proc/loadavg").split(' ').nth(1).unwrap_or("?").to_owned();
    format!("{n_processors} × {}; load average at the end {load}.", model.trim_start_matches(['\t', ' ', ':']))
}
