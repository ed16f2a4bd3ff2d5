//! What a Prometheus 3.14 with an Alertmanager 0.34 makes of the signals and kills that narthex has to stand, and of a receiver
//! that hangs: so it is known that the measure finds what it looks for.

use std::net::SocketAddr;

use super::alertmanager::start_alertmanager;
use super::{Process, Prometheus, can_run, installed};
use crate::narthex::free_address;
use crate::neighbour;
use crate::signals_kill::{RULES, Stage, Watch, configuration, n_kills, routing};

/// Both, killed when dropped.
struct Pair {
    prometheus: Prometheus,
    alertmanager: SocketAddr,
    _process: Process,
}

impl Watch for Pair {
    fn rules(&self) -> SocketAddr {
        self.prometheus.address
    }

    fn silences(&self) -> SocketAddr {
        self.alertmanager
    }

    fn kill(self) {
        drop(self);
    }
}

fn are_there() -> bool {
    can_run(&["peers/prometheus", "peers/alertmanager"].map(installed), "run tests/peers/build prometheus alertmanager")
}

#[test]
fn they_forget_what_narthex_must_not() {
    if !are_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::new();
    let (rules, alertmanager) = (free_address(), free_address());
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let alertmanagers =
        format!("alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}\n");
    write("prometheus.yml", &(configuration(stage.target.address) + &alertmanagers));
    write("alertmanager.yml", &routing(stage.webhook.address));
    write("rules.yml", RULES);
    let figures = stage.play(n_kills(), || Pair {
        _process: start_alertmanager(dir.path(), alertmanager),
        prometheus: Prometheus::start(dir.path(), rules, &dir.path().join("prometheus.yml")),
        alertmanager,
    });
    println!("Prometheus and Alertmanager: {figures}");
    assert_eq!(figures.silences_gone, figures.n_kills, "{figures}");
    assert!(figures.set_back_ms > 0 && figures.without_news > 0, "{figures}");
}

#[test]
fn an_alertmanager_waits_with_the_neighbour_of_who_hangs() {
    if !are_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let stage = neighbour::Stage::new();
    std::fs::write(dir.path().join("alertmanager.yml"), stage.routing()).unwrap();
    let address = free_address();
    let _process = start_alertmanager(dir.path(), address);
    let heard = stage.play(address);
    println!("Alertmanager: {heard}");
    assert!(!heard.hangs_still, "{heard}");
}
